import { redirect } from "@remix-run/node";

/** A sentence that the next page shows after a redirect. Text only, in a cookie. */
export const toastKinds = ["success", "info", "error"] as const;
export type ToastMessage = { kind: (typeof toastKinds)[number]; text: string };

export function toastCookie(text: string, kind: ToastMessage["kind"] = "success"): string {
  // Browsers drop cookies above 4096 bytes; a character takes up to 12 here.
  const value = encodeURIComponent(`${kind}:${[...text].slice(0, 300).join("")}`);
  return `toast=${value}; Path=/; Max-Age=60; SameSite=Lax; HttpOnly`;
}

/** Ends a successful action. */
export function redirectWithToast(
  to: string,
  { kind = "success", message }: { kind?: ToastMessage["kind"]; message: string },
  headers?: HeadersInit,
) {
  const all = new Headers(headers);
  all.append("Set-Cookie", toastCookie(message, kind));
  return redirect(to, { headers: all });
}

export const clearToastCookie = "toast=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly";

export function readToast(cookieHeader: string | null): ToastMessage | null {
  const raw = cookieHeader?.match(/(?:^|;\s*)toast=([^;]+)/)?.[1];
  if (!raw) return null;
  try {
    const [, kind, text] = /^(\w+):(.+)$/s.exec(decodeURIComponent(raw)) ?? [];
    return text && toastKinds.includes(kind as ToastMessage["kind"]) ? { kind: kind as ToastMessage["kind"], text } : null;
  } catch {
    return null;
  }
}
