import { useLocation, useSubmit } from "@remix-run/react";
import { type ComponentType, useEffect, useRef, useState } from "react";
import type { ToasterProps } from "sonner";
import { paths } from "~/paths";
import type { Theme } from "~/ui/shell/theme";
import { Button } from "./button";
import { Notice } from "./notice";

/** A sentence shown after an action. `undo`: trials that it offers to end again. */
export type Toast = { kind: "success" | "info" | "error"; text: string; undo?: { tenant: string; grants: string[] } };

/** Time to read the sentence and to reach Undo, in ms. */
const undoDuration = 20_000;

export function Toasts({ toast, theme }: { toast: Toast | null; theme: Theme }) {
  const [Toaster, setToaster] = useState<ComponentType<ToasterProps> | null>(null);
  const submit = useSubmit();
  const { pathname, search } = useLocation();
  const latest = useRef({ submit, page: "" });
  latest.current = { submit, page: pathname + search };
  // Loaded after the page: sonner adds its <style> when imported, which must happen after entry.client. Not with `lazy`:
  // React 18 fails (error 345) when a key is pressed while a part of the page is suspended.
  useEffect(() => {
    void import("sonner").then((sonner) => setToaster(() => sonner.Toaster));
  }, []);
  useEffect(() => {
    if (!toast) return;
    const { undo } = toast;
    const onClick = () => {
      const { submit, page } = latest.current;
      if (undo) submit({ grants: undo.grants.join(","), returnTo: page }, { method: "post", action: paths.trialUndo(undo.tenant) });
    };
    const offer = undo ? { action: { label: "Undo", onClick }, duration: undoDuration } : {};
    void import("sonner").then((sonner) => sonner.toast[toast.kind](toast.text, { id: toast.text, ...offer }));
  }, [toast]);
  if (Toaster === null) return null;
  return (
    <Toaster
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
            <form method="post" action={paths.trialUndo(toast.undo.tenant)}>
              <input type="hidden" name="grants" value={toast.undo.grants.join(",")} />
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
