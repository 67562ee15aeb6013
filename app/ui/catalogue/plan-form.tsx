import { getFormProps, getInputProps, getSelectProps, getTextareaProps, type SubmissionResult, useForm } from "@conform-to/react";
import { Form, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import { unpackChoices } from "~/core/catalogue/choices";
import type { Plan } from "~/core/model";
import { paths } from "~/paths";
import { RadioCards } from "~/ui/kit/choices";
import { Field } from "~/ui/kit/field";
import { Select, Textarea, TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";
import { EffectReviewForm, type Review } from "./effect-review";

type Props = {
  /** Absent for a new one. */
  plan?: Pick<Plan, "key" | "name" | "description" | "rank" | "includes" | "revision" | "kind">;
  /** From `packChoices`. */
  includable: string;
  lastResult: SubmissionResult | undefined;
  /** Replaces the form-level error above the fields. */
  children?: ReactNode;
  /** The effects of what was sent, to be seen before it is saved. */
  review?: Review;
};

const kinds = [
  { value: "base", label: "Plan", hint: "A tenant has one of them." },
  { value: "add_on", label: "Add-on", hint: "A tenant has any number; it adds to the plan." },
];

export function PlanEditor({ plan, includable, lastResult, children, review = null }: Props) {
  const busy = useNavigation().formMethod === "POST";
  const onValidate = useValidation(async () => {
    const { newPlanForm, planPageForm } = await import("~/forms/catalogue/plan");
    return plan ? planPageForm : newPlanForm;
  });
  const [form, fields] = useForm<Record<"key" | "name" | "kind" | "description" | "rank" | "includes" | "why", string>>({
    id: "plan",
    lastResult,
    defaultValue: plan
      ? { ...plan, description: plan.description ?? "", includes: plan.includes ?? "", rank: String(plan.rank) }
      : { kind: "base" },
    onValidate: onValidate as never,
    shouldRevalidate: "onInput",
  });
  return (
    <Form method="post" {...getFormProps(form)} className="group/plan">
      {children ?? <FormErrors errors={form.errors} />}
      {plan ? (
        <>
          <input type="hidden" name="intent" value="save" />
          <input type="hidden" name="expected" value={plan.revision} />
        </>
      ) : (
        <Field label="Kind" field={fields.kind} group>
          <RadioCards name="kind" options={kinds} checked={fields.kind.initialValue} columns={2} />
        </Field>
      )}
      <div className="field-row sm:grid-cols-2">
        <Field label="Name" field={fields.name} className={plan && "sm:col-span-2"}>
          <TextInput {...getInputProps(fields.name, { type: "text" })} maxLength={200} autoComplete="off" />
        </Field>
        {!plan && (
          <Field label="Key" field={fields.key} hint="The key your app uses. It cannot be changed later.">
            <TextInput
              {...getInputProps(fields.key, { type: "text" })}
              maxLength={100}
              autoComplete="off"
              className="font-mono"
              spellCheck={false}
            />
          </Field>
        )}
      </div>
      <Field label="Description" field={fields.description} optional>
        <Textarea {...getTextareaProps(fields.description)} rows={2} />
      </Field>
      <div className="field-row sm:grid-cols-2">
        <Field label="Includes" field={fields.includes} hint="This plan inherits everything that the selected plan gives.">
          <Select {...getSelectProps(fields.includes)}>
            <option value="">Nothing</option>
            {unpackChoices(includable).map(({ key, name }) => (
              <option key={key} value={key}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Rank" field={fields.rank} hint="A whole number, cheapest first." optional={!plan}>
          <TextInput
            {...getInputProps(fields.rank, { type: "text" })}
            inputMode="numeric"
            autoComplete="off"
            placeholder={plan ? undefined : "After all others"}
          />
        </Field>
      </div>
      <Field label="Why" field={fields.why} hint="For the audit log." optional>
        <TextInput {...getInputProps(fields.why, { type: "text" })} maxLength={1_000} autoComplete="off" />
      </Field>
      <EffectReviewForm review={review} noun="a feature" />
      <SubmitRow busy={busy} cancelTo={plan ? paths.plan(plan.key) : paths.plans()}>
        {plan ? "Save" : "Create plan"}
      </SubmitRow>
    </Form>
  );
}
