import { type ComponentProps, forwardRef, type ReactNode } from "react";
import { cx } from "./cx";

/** A checkbox with its label. Not inside a <Field>. */
export const Checkbox = forwardRef<HTMLInputElement, ComponentProps<"input"> & { label: ReactNode; hint?: ReactNode }>(function Checkbox(
  { label, hint, className, ...props },
  ref,
) {
  return (
    <label className={cx("flex min-w-0 items-start gap-2.5 py-1 text-sm", className)}>
      <input ref={ref} {...props} type="checkbox" className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0">
        <span className="block text-ink">{label}</span>
        {hint && <span className="block text-ink-muted text-xs">{hint}</span>}
      </span>
    </label>
  );
});

export type RadioOption = { value: string; label: ReactNode; hint?: ReactNode; disabled?: boolean };

/** Select one of a few options shown as cards. Inside <Field group>. `checked` is the initial option. */
export function RadioCards(props: { name: string; options: RadioOption[]; checked?: string; columns?: 1 | 2 | 3 | 4; required?: boolean }) {
  const columns = { 1: "", 2: "sm:grid-cols-2", 3: "sm:grid-cols-3", 4: "grid-cols-2 sm:grid-cols-4" }[props.columns ?? 1];
  return (
    <div className={cx("grid gap-2", columns)}>
      {props.options.map((option) => (
        <label
          key={option.value}
          className="flex min-w-0 items-start gap-2.5 rounded-control border border-line-strong bg-surface px-3 py-2 text-sm shadow-card transition-colors hover:border-ink-faint has-checked:border-accent has-checked:bg-accent-soft has-disabled:opacity-60 has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2"
        >
          <input
            type="radio"
            name={props.name}
            value={option.value}
            defaultChecked={props.checked === option.value}
            disabled={option.disabled}
            required={props.required}
            className="mt-0.5 size-4 shrink-0 outline-none"
          />
          <span className="min-w-0">
            <span className="block font-medium text-ink">{option.label}</span>
            {option.hint && <span className="block text-ink-muted text-xs">{option.hint}</span>}
          </span>
        </label>
      ))}
    </div>
  );
}
