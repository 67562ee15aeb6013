import { useLocation, useSubmit } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { paths } from "~/paths";
import type { Theme } from "~/ui/shell/theme";
import { Button } from "./button";
import { Notice } from "./notice";
import { useHydrated } from "./use-hydrated";

/** A sentence shown after an action. `undo`: the audit entry whose act it offers to undo. */
export type Toast = { kind: "success" | "info" | "error"; text: string; undo?: number };

/** Time to read the sentence and to reach Undo, in ms. */
const undoDuration = 10_000;

export function Toasts({ toast, theme }: { toast: Toast | null; theme: Theme }) {
  const [sonner, setSonner] = useState<typeof import("sonner") | null>(null);
  const hydrated = useHydrated();
  const submit = useSubmit();
  const { pathname, search } = useLocation();
  const latest = useRef({ submit, page: "" });
  latest.current = { submit, page: pathname + search };
  // Loaded with the first toast, and after the page: sonner adds its <style> when imported, which must happen after
  // entry.client. Not with `lazy`: React 18 fails (error 345) when a key is pressed while a part of the page is suspended.
  const isNeeded = toast !== null;
  useEffect(() => {
    if (isNeeded) import("sonner").then(setSonner, () => {});
  }, [isNeeded]);
  // The Toaster listens from its own effect on, which runs before this one.
  useEffect(() => {
    if (!toast || !sonner) return;
    const { undo } = toast;
    const onClick = () => {
      const { submit, page } = latest.current;
      if (undo) submit({ returnTo: page }, { method: "post", action: paths.auditUndo(undo) });
    };
    const offer = undo ? { action: { label: "Undo", onClick }, duration: undoDuration } : {};
    sonner.toast[toast.kind](toast.text, { id: toast.text, ...offer });
  }, [toast, sonner]);
  // The place of messages is there before the first one, as screen readers need it, under the name that sonner gives it.
  if (sonner === null) return hydrated ? <section aria-label="Notifications" aria-live="polite" /> : null;
  return (
    <sonner.Toaster
      theme={theme}
      position="bottom-right"
      toastOptions={{
        className: "!rounded-control !border-line !bg-surface !font-sans !text-ink !shadow-float",
        classNames: { success: "[&_[data-icon]]:text-yes", error: "[&_[data-icon]]:text-no", info: "[&_[data-icon]]:text-accent" },
      }}
    />
  );
}

/** The same message without JavaScript. */
export function ToastBanner({ toast }: { toast: Toast | null }) {
  const { pathname, search } = useLocation();
  if (!toast) return null;
  return (
    <noscript>
      <Notice
        kind={toast.kind}
        role="status"
        className="m-3"
        action={
          toast.undo && (
            <form method="post" action={paths.auditUndo(toast.undo)}>
              <input type="hidden" name="returnTo" value={pathname + search} />
              <Button size="sm">Undo</Button>
            </form>
          )
        }
      >
        {toast.text}
      </Notice>
    </noscript>
  );
}
