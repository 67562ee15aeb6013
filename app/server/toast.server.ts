import { redirect } from "@remix-run/node";

/** One sentence that the next page shows after a redirect. It travels in a cookie and is text only. */
export const toastKinds = ["success", "info", "error"] as const;
export type Toast = { kind: (typeof toastKinds)[number]; text: string };

export function toastCookie(text: string, kind: Toast["kind"] = "success"): string {
  // Browsers drop a cookie above 4096 bytes; one character takes up to 12 here.
  const value = encodeURIComponent(`${kind}:${[...text].slice(0, 300).join("")}`);
  return `toast=${value}; Path=/; Max-Age=60; SameSite=Lax; HttpOnly`;
}

/** The end of an action that did what was asked. */
export function redirectWithToast(
  to: string,
  { kind = "success", message }: { kind?: Toast["kind"]; message: string },
  headers?: HeadersInit,
) {
  const all = new Headers(headers);
  all.append("Set-Cookie", toastCookie(message, kind));
  return redirect(to, { headers: all });
}

export const clearToastCookie = "toast=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly";

export function readToast(cookieHeader: string | null): Toast | null {
  const raw = cookieHeader?.match(/(?:^|;\s*)toast=([^;]+)/)?.[1];
  if (!raw) return null;
  try {
    const [, kind, text] = /^(\w+):(.+)$/s.exec(decodeURIComponent(raw)) ?? [];
    return text && toastKinds.includes(kind as Toast["kind"]) ? { kind: kind as Toast["kind"], text } : null;
  } catch {
    return null;
  }
}
