import { Link, type LinkProps } from "@remix-run/react";
import { cva, type VariantProps } from "class-variance-authority";
import { type ComponentProps, forwardRef } from "react";
import { cx } from "./cx";

export const buttonLook = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-control font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        primary: "bg-accent text-accent-on shadow-card hover:bg-accent-hover",
        secondary: "border border-line-strong bg-surface text-ink shadow-card hover:bg-sunken",
        ghost: "text-ink-muted hover:bg-sunken hover:text-ink",
        danger: "bg-danger text-danger-on shadow-card hover:bg-danger-hover",
      },
      size: {
        sm: "h-7 px-2.5 text-xs",
        md: "h-8 px-3 text-sm max-sm:h-10 max-sm:px-4",
        lg: "h-10 px-4 text-sm",
        icon: "size-8 max-sm:size-10",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);
type Look = VariantProps<typeof buttonLook>;

/** Submits by default. `busy` shows that the form was sent; the label stays readable. */
export const Button = forwardRef<HTMLButtonElement, ComponentProps<"button"> & Look & { busy?: boolean }>(function Button(
  { variant, size, className, busy, type = "submit", ...props },
  ref,
) {
  return (
    <button
      ref={ref}
      type={type}
      aria-busy={busy || undefined}
      className={cx(buttonLook({ variant, size }), busy && "cursor-progress opacity-70", className)}
      {...props}
    />
  );
});

/** A link that looks like a button. */
export function LinkButton({ variant, size, className, ...props }: LinkProps & Look) {
  return <Link className={cx(buttonLook({ variant, size }), className)} {...props} />;
}

/** A link in a sentence or table cell. */
export function TextLink({ className, ...props }: LinkProps) {
  return (
    <Link
      className={cx("rounded-sm text-accent underline decoration-accent/35 underline-offset-[3px] hover:decoration-accent", className)}
      {...props}
    />
  );
}
