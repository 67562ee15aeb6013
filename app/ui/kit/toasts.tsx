import { lazy, Suspense, useEffect } from "react";
import type { Theme } from "~/ui/shell/theme";
import { Notice } from "./notice";
import { useHydrated } from "./use-hydrated";

/** A sentence shown after an action. */
export type Toast = { kind: "success" | "info" | "error"; text: string };

// Loaded after the page: sonner adds its <style> when imported, which must happen after entry.client.
const Toaster = lazy(async () => ({ default: (await import("sonner")).Toaster }));

export function Toasts({ toast, theme }: { toast: Toast | null; theme: Theme }) {
  const hydrated = useHydrated();
  useEffect(() => {
    if (toast) void import("sonner").then((sonner) => sonner.toast[toast.kind](toast.text, { id: toast.text }));
  }, [toast]);
  if (!hydrated) return null;
  return (
    <Suspense>
      <Toaster
        theme={theme}
        position="bottom-right"
        toastOptions={{
          className: "!rounded-control !border-line !bg-surface !font-sans !text-ink !shadow-float",
          classNames: { success: "[&_[data-icon]]:text-yes", error: "[&_[data-icon]]:text-no", info: "[&_[data-icon]]:text-accent" },
        }}
      />
    </Suspense>
  );
}

/** The same message without JavaScript. */
export function ToastBanner({ toast }: { toast: Toast | null }) {
  if (!toast) return null;
  return (
    <noscript>
      <Notice kind={toast.kind} role="status" className="m-3">
        {toast.text}
      </Notice>
    </noscript>
  );
}
