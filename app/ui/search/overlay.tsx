import { Dialog } from "radix-ui";
import type { ComponentProps, RefObject } from "react";
import { cx } from "~/ui/kit/cx";

/** Focus goes back to where it was when the dialog opened. */
export const returnFocus = (returnTo: RefObject<HTMLElement | null>) => (event: Event) => {
  event.preventDefault();
  if (returnTo.current?.isConnected) returnTo.current.focus({ preventScroll: true });
};

/** A dialog near the top of the page, over it. */
export function Overlay({ className, children, ...props }: ComponentProps<typeof Dialog.Content>) {
  return (
    <Dialog.Portal>
      <Dialog.Overlay className="fixed inset-0 z-40 bg-[rgb(20_18_12/0.45)]" />
      <Dialog.Content
        {...props}
        className={cx(
          "fixed top-[min(12vh,6rem)] left-1/2 z-50 flex max-h-[min(36rem,80dvh)] w-[calc(100vw-1.5rem)] -translate-x-1/2 flex-col overflow-hidden rounded-card border border-line bg-surface text-ink text-sm shadow-float",
          className,
        )}
      >
        {children}
      </Dialog.Content>
    </Dialog.Portal>
  );
}
