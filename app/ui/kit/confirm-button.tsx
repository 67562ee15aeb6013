import { AlertDialog } from "radix-ui";
import { type ComponentProps, type ReactNode, useRef, useState } from "react";
import { Button, buttonLook } from "./button";

type Props = Omit<ComponentProps<typeof Button>, "type" | "title"> & {
  title: string;
  description: ReactNode;
  /** Label of the confirming button; names the act ("End trial now"). */
  confirmLabel: string;
};

/**
 * A submit button that asks first. Without JavaScript it submits directly, so use it for reversible acts, or link to a
 * page that asks.
 */
export function ConfirmButton({ title, description, confirmLabel, variant = "secondary", ...props }: Props) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <Button
        ref={button}
        variant={variant}
        {...props}
        onClick={(event) => {
          event.preventDefault();
          setOpen(true);
        }}
      />
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 bg-[rgb(20_18_12/0.45)]" />
        <AlertDialog.Content
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            button.current?.focus();
          }}
          className="fixed top-1/2 left-1/2 z-50 w-[calc(100vw-2rem)] max-w-md -translate-x-1/2 -translate-y-1/2 rounded-card border border-line bg-surface p-5 text-ink text-sm shadow-float"
        >
          <AlertDialog.Title className="font-semibold text-base">{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="mt-1.5 text-ink-muted">{description}</div>
          </AlertDialog.Description>
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <AlertDialog.Cancel className={buttonLook({ variant: "secondary" })}>Keep as it is</AlertDialog.Cancel>
            <AlertDialog.Action
              className={buttonLook({ variant: variant === "danger" ? "danger" : "primary" })}
              onClick={() => button.current?.form?.requestSubmit(button.current)}
            >
              {confirmLabel}
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
