import { createContext, type ReactNode, useContext, useId } from "react";
import { cx } from "./cx";

/** What a field needs; a field of conform's `useForm` fits. */
export type FieldMeta = { id: string; name: string; errors?: string[]; required?: boolean; errorId?: string; descriptionId?: string };

type Wiring = { id: string; name?: string; describedBy?: string; invalid: boolean; required?: boolean };
const FieldContext = createContext<Wiring | null>(null);

/** Gives an input inside a <Field> its id, name and ARIA attributes, unless it has its own. */
export function useField<P extends { id?: string; name?: string; "aria-describedby"?: string }>(props: P) {
  const field = useContext(FieldContext);
  if (!field) return props;
  return {
    "aria-invalid": field.invalid || undefined,
    required: field.required,
    ...props,
    id: props.id ?? field.id,
    name: props.name ?? field.name,
    "aria-describedby":
      [field.describedBy, props["aria-describedby"]].filter((id, i, all) => id && all.indexOf(id) === i).join(" ") || undefined,
  };
}

export type FieldProps = {
  label: ReactNode;
  children: ReactNode;
  /** A conform field, or set `name` (and `errors`). */
  field?: FieldMeta;
  name?: string;
  errors?: string[];
  hint?: ReactNode;
  optional?: boolean;
  /** For groups of inputs (radio cards, checkboxes): a fieldset with a legend instead of a label. */
  group?: boolean;
  className?: string;
};

export function Field({ label, children, field, name, errors = field?.errors, hint, optional, group, className }: FieldProps) {
  const ownId = useId();
  const id = field?.id ?? ownId;
  const errorId = field?.errorId ?? `${id}-error`;
  const hintId = field?.descriptionId ?? `${id}-hint`;
  const invalid = errors !== undefined && errors.length > 0;
  const describedBy = [invalid && errorId, hint && hintId].filter(Boolean).join(" ") || undefined;
  const labelText = (
    <>
      {label}
      {optional && <span className="ml-1.5 font-normal text-ink-faint text-xs">optional</span>}
    </>
  );
  const labelLook = "block font-medium text-ink text-sm";
  const body = (
    <>
      {hint && (
        <p id={hintId} className="mt-0.5 text-ink-muted text-xs">
          {hint}
        </p>
      )}
      <div className="mt-1.5">{children}</div>
      {/* The error's line is always reserved: a button that moves while it is pressed loses the click. */}
      <p id={errorId} className="min-h-6 pt-0.5 pb-1.5 text-no text-xs">
        {errors?.join(" ")}
      </p>
    </>
  );
  return (
    <FieldContext.Provider value={{ id, name: field?.name ?? name, describedBy, invalid, required: field?.required }}>
      {group ? (
        <fieldset aria-describedby={describedBy} className={cx("min-w-0", className)}>
          <legend className={labelLook}>{labelText}</legend>
          {body}
        </fieldset>
      ) : (
        <div className={cx("min-w-0", className)}>
          <label htmlFor={id} className={labelLook}>
            {labelText}
          </label>
          {body}
        </div>
      )}
    </FieldContext.Provider>
  );
}
