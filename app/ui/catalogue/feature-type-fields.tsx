import { getInputProps, getSelectProps, getTextareaProps, type useForm } from "@conform-to/react";
import { resetWords } from "~/forms/catalogue/feature-words";
import { RadioCards } from "~/ui/kit/choices";
import { cx } from "~/ui/kit/cx";
import { Field } from "~/ui/kit/field";
import { Select, Textarea, TextInput } from "~/ui/kit/inputs";

type FieldName =
  | "key"
  | "name"
  | "description"
  | "group"
  | "askUrl"
  | "type"
  | "kind"
  | "better"
  | "options"
  | "resetPeriod"
  | "counts"
  | "limit"
  | "unit"
  | "flagKey"
  | "flagRule"
  | "whenUnknown"
  | "why";

/** The fields of the form of a feature, as texts. */
export type FeatureFields = Record<FieldName, string>;

export type FeatureFieldsProps = { fields: ReturnType<typeof useForm<FeatureFields>>[1]; className?: string };

export function ConfigFields({ fields, className }: FeatureFieldsProps) {
  return (
    <div className={cx("group/kind", className)}>
      <Field label="Value type" field={fields.kind} group>
        <RadioCards
          name="kind"
          checked={fields.kind.initialValue}
          columns={3}
          options={[
            { value: "number", label: "A number" },
            { value: "text", label: "Text" },
            { value: "json", label: "JSON", hint: "The first source counts." },
          ]}
        />
      </Field>
      <div className="hidden group-has-[[value=number]:checked]/kind:block">
        <Field label="When several sources apply, use" field={fields.better}>
          <Select
            {...getSelectProps(fields.better)}
            options={[
              ["higher", "The higher number"],
              ["lower", "The lower number"],
            ]}
          />
        </Field>
      </div>
      <div className="hidden group-has-[[value=text]:checked]/kind:block">
        <Field label="Options" field={fields.options} hint="One on each line, the best last. Without options any text fits." optional>
          <Textarea {...getTextareaProps(fields.options)} rows={4} spellCheck={false} />
        </Field>
      </div>
    </div>
  );
}

export function MeterFields({ fields, isNew, className }: FeatureFieldsProps & { isNew: boolean }) {
  return (
    <div className={className}>
      <div className="field-row sm:grid-cols-2">
        <Field label="Resets" field={fields.resetPeriod}>
          <Select {...getSelectProps(fields.resetPeriod)} options={resetWords} />
        </Field>
        <Field label="Unit" field={fields.unit} hint="What is counted: calls, seats." optional>
          <TextInput {...getInputProps(fields.unit, { type: "text" })} maxLength={50} autoComplete="off" />
        </Field>
      </div>
      {!isNew && (
        <Field
          label="If the reset period changes"
          field={fields.counts}
          group
          hint="You see how many tenants this affects before you save."
        >
          <RadioCards
            name="counts"
            checked={fields.counts.initialValue}
            columns={2}
            options={[
              { value: "zero", label: "Begin at zero", hint: "Usage starts again at 0 in the new period." },
              { value: "carry", label: "Carry the current total", hint: "What a tenant used in its current period counts in the new one." },
            ]}
          />
        </Field>
      )}
      <Field label="At the limit" field={fields.limit} group>
        <RadioCards
          name="limit"
          checked={fields.limit.initialValue}
          columns={2}
          options={[
            { value: "hard", label: "Hard", hint: "Over the limit is a no." },
            { value: "soft", label: "Soft", hint: "Over the limit is still a yes." },
          ]}
        />
      </Field>
    </div>
  );
}
