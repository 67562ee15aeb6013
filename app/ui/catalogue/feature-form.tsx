import { getFormProps, getInputProps, getSelectProps, getTextareaProps, type SubmissionResult, useForm } from "@conform-to/react";
import { Form, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import { type Feature, featureTypes } from "~/core/model";
import { flagRuleWords, typeHints, typeWords, whenUnknownWords } from "~/forms/catalogue/feature-words";
import { paths } from "~/paths";
import { RadioCards } from "~/ui/kit/choices";
import { Field } from "~/ui/kit/field";
import { Select, Textarea, TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { EffectReviewForm, type Review } from "./effect-review";
import { ConfigFields, type FeatureFields, type FeatureFieldsProps, MeterFields } from "./feature-type-fields";

type Props = {
  /** Absent for a new one. */
  feature?: Feature;
  groups: readonly string[];
  lastResult: SubmissionResult | undefined;
  /** Replaces the form-level error above the fields. */
  children?: ReactNode;
  /** The effects of what was sent, to be seen before it is saved. */
  review?: Review;
};

export function FeatureEditor({ feature, groups, lastResult, children, review = null }: Props) {
  const busy = useNavigation().formMethod === "POST";
  const onValidate = useValidation(async () => {
    const { featurePageForm, newFeatureForm } = await import("~/forms/catalogue/feature");
    return feature ? featurePageForm(feature.type) : newFeatureForm;
  });
  const [form, fields] = useForm<FeatureFields>({
    id: "feature",
    lastResult,
    defaultValue: startOf(feature),
    onValidate: onValidate as never,
    shouldRevalidate: "onInput",
  });
  return (
    <Form method="post" {...getFormProps(form)}>
      {children ?? <FormErrors errors={form.errors} />}
      {feature && (
        <>
          <input type="hidden" name="intent" value="save" />
          <input type="hidden" name="expected" value={feature.revision} />
        </>
      )}
      <div className="field-row sm:grid-cols-2">
        <Field label="Name" field={fields.name} className={feature && "sm:col-span-2"}>
          <TextInput {...getInputProps(fields.name, { type: "text" })} maxLength={200} autoComplete="off" />
        </Field>
        {!feature && (
          <Field label="Key" field={fields.key} hint="The key your app checks. It cannot be changed later.">
            <TextInput
              {...getInputProps(fields.key, { type: "text" })}
              maxLength={100}
              autoComplete="off"
              spellCheck={false}
              className="font-mono"
            />
          </Field>
        )}
      </div>
      <Field label="Description" field={fields.description} optional>
        <Textarea {...getTextareaProps(fields.description)} rows={2} />
      </Field>
      <Field label="Group" field={fields.group} hint="Features of one group are listed together." optional>
        <TextInput {...getInputProps(fields.group, { type: "text" })} maxLength={200} autoComplete="off" list="groups" />
      </Field>
      <datalist id="groups">
        {groups.map((group) => (
          <option key={group} value={group} />
        ))}
      </datalist>
      <Field
        label="Link to ask for it"
        field={fields.askUrl}
        hint="A page of yours where a user can ask for this feature. Apps get the link when the plan or a limit refuses it."
        optional
      >
        <TextInput {...getInputProps(fields.askUrl, { type: "url" })} maxLength={500} autoComplete="off" spellCheck={false} />
      </Field>
      {/* CSS alone shows the settings of the selected type, so that it works without JavaScript. */}
      <div className="group/type">
        {!feature && (
          <Field label="Type" field={fields.type} group hint="It cannot be changed: plans and grants have values of this type.">
            <RadioCards
              name="type"
              checked={fields.type.initialValue}
              columns={3}
              options={featureTypes.map((type) => ({ value: type, label: typeWords[type], hint: typeHints[type] }))}
            />
          </Field>
        )}
        {(!feature || feature.type === "config") && (
          <ConfigFields fields={fields} className={feature ? undefined : "hidden group-has-[[value=config]:checked]/type:block"} />
        )}
        {(!feature || feature.type === "metered") && (
          <MeterFields
            fields={fields}
            isNew={!feature}
            className={feature ? undefined : "hidden group-has-[[value=metered]:checked]/type:block"}
          />
        )}
      </div>
      <FlagFields fields={fields} />
      <Field label="Why" field={fields.why} hint="For the audit log." optional>
        <TextInput {...getInputProps(fields.why, { type: "text" })} maxLength={1_000} autoComplete="off" />
      </Field>
      <EffectReviewForm review={review} />
      <SubmitRow busy={busy} cancelTo={feature ? paths.feature(feature.key) : paths.features()}>
        {feature ? "Save" : "Create feature"}
      </SubmitRow>
    </Form>
  );
}

function FlagFields({ fields }: FeatureFieldsProps) {
  return (
    <fieldset className="mt-2 mb-2 border-line border-t pt-4">
      <legend className="sr-only">PostHog feature flag</legend>
      <div className="field-row sm:grid-cols-3">
        <Field label="PostHog flag" field={fields.flagKey} hint="The flag's key. Leave empty for none." optional>
          <TextInput {...getInputProps(fields.flagKey, { type: "text" })} maxLength={400} autoComplete="off" spellCheck={false} />
        </Field>
        <Field label="What the flag may do" field={fields.flagRule}>
          <Select {...getSelectProps(fields.flagRule)} options={flagRuleWords} />
        </Field>
        <Field label="If PostHog is unavailable" field={fields.whenUnknown}>
          <Select {...getSelectProps(fields.whenUnknown)} options={whenUnknownWords} />
        </Field>
      </div>
    </fieldset>
  );
}

/** Initial values of the fields. */
function startOf(feature: Feature | undefined): Partial<FeatureFields> {
  const config = feature?.type === "config" ? feature.config : null;
  const meter = feature?.type === "metered" ? feature.meter : null;
  return {
    name: feature?.name,
    description: feature?.description ?? "",
    group: feature?.group ?? "",
    askUrl: feature?.askUrl ?? "",
    type: feature?.type ?? "boolean",
    kind: config?.kind ?? "number",
    better: config?.kind === "number" ? config.better : "higher",
    options: config?.kind === "text" ? config.options.join("\n") : "",
    resetPeriod: meter?.resetPeriod ?? "month",
    counts: "zero",
    limit: meter?.soft ? "soft" : "hard",
    unit: meter?.unit ?? "",
    flagKey: feature?.flag?.key ?? "",
    flagRule: feature?.flag?.rule ?? "grant",
    whenUnknown: feature?.flag?.whenUnknown ?? "last",
  };
}
