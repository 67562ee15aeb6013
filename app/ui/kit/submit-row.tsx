import type { ReactNode } from "react";
import { Button, LinkButton } from "./button";
import { FormActions } from "./card";

type Props = {
  /** The label of the button. */
  children: ReactNode;
  variant?: "primary" | "secondary" | "danger";
  busy?: boolean;
  disabled?: boolean;
  /** Where leaving without a change leads; left out: no link. */
  cancelTo?: string;
  cancelLabel?: string;
  className?: string;
};

/** The last row of a form: the button that submits it, and the way back. */
export function SubmitRow({ children, variant = "primary", busy, disabled, cancelTo, cancelLabel = "Cancel", className }: Props) {
  return (
    <FormActions className={className}>
      <Button variant={variant} busy={busy} disabled={disabled}>
        {children}
      </Button>
      {cancelTo !== undefined && (
        <LinkButton to={cancelTo} variant="ghost">
          {cancelLabel}
        </LinkButton>
      )}
    </FormActions>
  );
}
