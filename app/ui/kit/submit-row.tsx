import type { ReactNode } from "react";
import { Button, LinkButton } from "./button";
import { FormActions } from "./card";

type Props = {
  /** The label of the button. */
  children: ReactNode;
  /** Value of the button's field `intent`. */
  intent?: string;
  variant?: "primary" | "secondary" | "danger";
  busy?: boolean;
  disabled?: boolean;
  /** Where leaving without a change leads; left out: no link. */
  cancelTo?: string;
  cancelLabel?: string;
  /** Applies to the cancel link. */
  preventScrollReset?: boolean;
  className?: string;
  /** Other buttons of the form. */
  more?: ReactNode;
};

/** The last row of a form: the button that submits it, and the way back. */
export function SubmitRow({
  children,
  intent,
  variant = "primary",
  busy,
  disabled,
  cancelTo,
  cancelLabel = "Cancel",
  preventScrollReset,
  className,
  more,
}: Props) {
  return (
    <FormActions className={className}>
      <Button variant={variant} name={intent && "intent"} value={intent} busy={busy} disabled={disabled}>
        {children}
      </Button>
      {more}
      {cancelTo !== undefined && (
        <LinkButton to={cancelTo} variant="ghost" preventScrollReset={preventScrollReset}>
          {cancelLabel}
        </LinkButton>
      )}
    </FormActions>
  );
}
