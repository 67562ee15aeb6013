import { redirect } from "@remix-run/node";

/** A sentence that the next page shows after a redirect. Text only, in a cookie. */
export const toastKinds = ["success", "info", "error"] as const;
/** `undo`: the audit entry whose act the toast offers to undo. */
export type ToastMessage = { kind: (typeof toastKinds)[number]; text: string; undo?: number };

/** Browsers drop cookies above 4096 bytes, name and attributes included. */
const maxValueBytes = 3_900;

export function toastCookie(text: string, kind: ToastMessage["kind"] = "success", undo?: number): string {
  const offer = undo === undefined ? "" : `;${undo}`;
  const write = (characters: number) => encodeURIComponent(`${kind}${offer}:${[...text].slice(0, characters).join("")}`);
  const long = write(300);
  const value = long.length <= maxValueBytes ? long : write(150);
  return `toast=${value}; Path=/; Max-Age=60; SameSite=Lax; HttpOnly`;
}

/** Ends a successful action. */
export function redirectWithToast(
  to: string,
  { kind = "success", message, undo }: { kind?: ToastMessage["kind"]; message: string; undo?: number },
  headers?: HeadersInit,
) {
  const all = new Headers(headers);
  all.append("Set-Cookie", toastCookie(message, kind, undo));
  return redirect(to, { headers: all });
}

export const clearToastCookie = "toast=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly";

export function readToast(cookieHeader: string | null): ToastMessage | null {
  const raw = cookieHeader?.match(/(?:^|;\s*)toast=([^;]+)/)?.[1];
  if (!raw) return null;
  try {
    const [, kind, undo, text] = /^(\w+)(?:;(\d{1,15}))?:(.+)$/s.exec(decodeURIComponent(raw)) ?? [];
    if (!text || !toastKinds.includes(kind as ToastMessage["kind"])) return null;
    return { kind: kind as ToastMessage["kind"], text, ...(undo ? { undo: Number(undo) } : {}) };
  } catch {
    return null;
  }
}
