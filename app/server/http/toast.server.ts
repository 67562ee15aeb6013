import { redirect } from "@remix-run/node";

/** A sentence that the next page shows after a redirect. Text only, in a cookie. */
export const toastKinds = ["success", "info", "error"] as const;
/** Trials that the toast offers to end again. */
export type ToastUndo = { tenant: string; grants: string[] };
export type ToastMessage = { kind: (typeof toastKinds)[number]; text: string; undo?: ToastUndo };

/** Browsers drop cookies above 4096 bytes, name and attributes included. */
const maxValueBytes = 3_900;
/** More ids would not leave room for the text. */
const maxUndone = 60;

/** A tenant's key takes up to 1,800 bytes here, so long ones leave no room for an offer to undo many trials. */
export function toastCookie(text: string, kind: ToastMessage["kind"] = "success", undo?: ToastUndo): string {
  const offer = undo && undo.grants.length <= maxUndone ? `;${encodeURIComponent(undo.tenant)};${undo.grants.join(",")}` : "";
  const write = (characters: number, more: string) => encodeURIComponent(`${kind}${more}:${[...text].slice(0, characters).join("")}`);
  const value = [write(300, offer), write(150, offer), write(300, "")].find(({ length }) => length <= maxValueBytes) ?? write(150, "");
  return `toast=${value}; Path=/; Max-Age=60; SameSite=Lax; HttpOnly`;
}

/** Ends a successful action. */
export function redirectWithToast(
  to: string,
  { kind = "success", message, undo }: { kind?: ToastMessage["kind"]; message: string; undo?: ToastUndo },
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
    const [, kind, tenant, grants, text] = /^(\w+)(?:;([^;:]+);([\w,]+))?:(.+)$/s.exec(decodeURIComponent(raw)) ?? [];
    if (!text || !toastKinds.includes(kind as ToastMessage["kind"])) return null;
    const undo = tenant && grants ? { undo: { tenant: decodeURIComponent(tenant), grants: grants.split(",") } } : {};
    return { kind: kind as ToastMessage["kind"], text, ...undo };
  } catch {
    return null;
  }
}
