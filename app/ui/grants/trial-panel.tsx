import { getFormProps, getTextareaProps, type SubmissionResult, useForm } from "@conform-to/react";
import type { FormProps } from "@remix-run/react";
import { type ComponentType, type KeyboardEvent, type ReactNode, useState } from "react";
import { hasNowSentence, trialSentence } from "~/core/grants/trial-choice";
import type { Instant, TenantStatus } from "~/core/model";
import { allowed, type RailFacts } from "~/core/rails/guard-rails";
import { day } from "~/core/time";
import { inputValueIn, instantIn } from "~/core/zoned-time";
import { paths } from "~/paths";
import { type Choice, FeaturePicker } from "~/ui/catalogue/feature-picker";
import { Button } from "~/ui/kit/button";
import { FormActions } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { LengthFields } from "~/ui/kit/length-fields";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { useHydrated } from "~/ui/kit/use-hydrated";
import { useValidation } from "~/ui/kit/use-validation";
import { AskButton, RailLimits, RailVerdictLine } from "~/ui/rails/rail-notice";
import { BundleFields, type BundlePreviewData } from "./bundle-fields";
import { PlanAfterFields } from "./plan-after-fields";
import { type OfferedPreset, TrialPresets } from "./trial-presets";

/** What the loader of the page `trial` returns. */
export type TrialPanelData = {
  key: string;
  name: string;
  status: TenantStatus;
  now: Instant;
  /** The zone in which the loader wrote times. */
  zone: string;
  canChange: boolean;
  choices: Choice[];
  left: number;
  wanted: string[];
  /** What is filled in at first, as typed. */
  first: {
    what: string;
    plan: string;
    length: string;
    startsAt: string;
    endsAt: string;
    note: string;
    whenItEnds: string;
    planAfter: string;
  };
  /** Plans and add-ons that may be given as a bundle. Null if there are too many to list. */
  plans: { key: string; name: string }[] | null;
  /** Whether the person may change plans. */
  canSchedule: boolean;
  /** Plans that the tenant may move to at the end. Null if there are too many to list, or it may not be moved. */
  plansAfter: { key: string; name: string }[] | null;
  /** What the plan of `first` would give, or null. */
  bundle: BundlePreviewData | null;
  presets: OfferedPreset[];
  canKeepPresets: boolean;
  /** Null without guard rails. */
  rails: RailFacts | null;
};

type Props = {
  data: TrialPanelData;
  lastResult?: SubmissionResult;
  /** Remix's `Form`, or that of a fetcher. */
  form: ComponentType<FormProps>;
  /** Tells the forms of the page and of the drawer apart. */
  id: string;
  busy: boolean;
  /** The page to return to; "" for the result on the page of the grants. */
  returnTo: string;
  /** The way back, beside the button. */
  cancel: ReactNode;
};

/** Grants trials of one or more features: the page's form, and the drawer's. */
export function TrialPanel({ data, lastResult, form: FormTag, id, busy, returnTo, cancel }: Props) {
  const { key, name, status, now, zone, canChange, choices, left, wanted, first, rails } = data;
  const hydrated = useHydrated();
  const [form, fields] = useForm({
    id,
    lastResult,
    defaultValue: { ...first, endsAt: first.endsAt || inputValueIn(now + 14 * day, zone) },
    onValidate: useValidation(async () => (await import("~/forms/grants/grant-page")).grantTrialSchema),
    shouldRevalidate: "onInput",
  });
  const entered = lastResult?.initialValue as { feature?: string | string[]; values?: Record<string, string> } | undefined;
  const initial = entered ? [entered.feature ?? []].flat() : wanted;
  const [ticked, setTicked] = useState(() => choices.filter((c) => initial.includes(c.key) && !c.live));
  const { what, plan, length, startsAt, endsAt, whenItEnds, planAfter } = fields;
  const isPlan = what.value === "plan";
  const until = length.value === "own" ? instantIn(endsAt.value ?? "", zone) : now + Number(length.value ?? 14) * day;
  const from = length.value === "own" ? instantIn(startsAt.value ?? "", zone) : null;
  const act = { kind: "grant" as const, features: ticked.map((c) => ({ feature: c.key, name: c.name })), startsAt: from ?? now };
  const verdict = rails && until !== null ? allowed({ ...act, endsAt: until }, rails.role, rails.rules, rails.spans) : null;
  const isArchived = status === "archived";
  const onKeyDown = (event: KeyboardEvent<HTMLFormElement>) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !canChange || isArchived) return;
    event.preventDefault();
    event.currentTarget.requestSubmit();
  };
  return (
    <FormTag method="post" action={paths.trialNew(key)} {...getFormProps(form)} onKeyDown={onKeyDown}>
      <input type="hidden" name="returnTo" value={returnTo} />
      <StatusNotice name={name} status={status} />
      <FormErrors errors={form.errors} />
      {rails && <RailLimits rails={rails} kind="grant" />}
      <div className="group/what">
        <Field label="What" field={what} group>
          <RadioCards
            name={what.name}
            checked={what.initialValue ?? "features"}
            columns={2}
            options={[
              { value: "features", label: "Features", hint: "One trial of each" },
              { value: "plan", label: "All that a plan gives", hint: "As one trial" },
            ]}
          />
        </Field>
        <div className="hidden group-has-[[name=what][value=plan]:checked]/what:block">
          <BundleFields
            tenant={key}
            plans={data.plans}
            field={plan}
            query={
              isPlan
                ? {
                    ...{ plan: plan.value ?? "", length: length.value ?? "", zone },
                    ...(whenItEnds.value === "plan" && planAfter.value ? { whenItEnds: "plan", planAfter: planAfter.value } : {}),
                    ...(length.value === "own"
                      ? { startsAt: startsAt.value ?? "", endsAt: endsAt.value ?? "" }
                      : { startsAt: "", endsAt: "" }),
                  }
                : null
            }
            first={data.bundle}
          />
        </div>
        <div className="group-has-[[name=what][value=plan]:checked]/what:hidden">
          <TrialPresets
            tenant={key}
            presets={data.presets}
            kept={data.canKeepPresets ? { features: ticked.map((choice) => choice.key), days: length.value } : null}
            returnTo={returnTo}
          />
          <Field label="Features" field={fields.feature} group>
            <FeaturePicker
              tenant={key}
              choices={choices}
              left={left}
              chosen={initial}
              typed={entered?.values}
              errors={(field) => form.allErrors[field]}
              onChosen={setTicked}
            />
          </Field>
        </div>
      </div>
      <LengthFields
        label="How long"
        hint="Days of 24 hours from now."
        from={now}
        zone={zone}
        length={length}
        startsAt={startsAt}
        endsAt={endsAt}
      />
      {data.canSchedule && (
        <PlanAfterFields
          plans={data.plansAfter}
          bundle={isPlan ? (plan.value ?? null) : null}
          whenItEnds={whenItEnds}
          planAfter={planAfter}
        />
      )}
      <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
        <Textarea {...getTextareaProps(fields.note)} rows={2} maxLength={1_000} />
      </Field>
      <p role="status" className="min-h-10 text-ink-muted text-sm wrap-anywhere">
        {hydrated && !isPlan && ticked.length > 0 && until !== null && (
          <>
            <span className="font-medium text-ink">{trialSentence(name, ticked, { from, until }, { zone, now })}</span>{" "}
            {hasNowSentence(ticked)}
            {verdict && <RailVerdictLine verdict={verdict} />}
          </>
        )}
      </p>
      <FormActions>
        <Button variant="primary" busy={busy} disabled={!canChange || isArchived}>
          Grant trial
        </Button>
        {rails && canChange && !isArchived && <AskButton rails={rails} kind="grant" busy={busy} />}
        {cancel}
        {hydrated && <span className="text-ink-faint text-xs max-sm:hidden">Ctrl Enter</span>}
      </FormActions>
    </FormTag>
  );
}

function StatusNotice({ name, status }: { name: string; status: TenantStatus }) {
  if (status === "active") return null;
  return (
    <Notice kind="warning" className="mb-4">
      {status === "archived"
        ? `${name} is archived. Reinstate it before you grant it anything.`
        : `${name} is suspended, so every answer stays no until it is reinstated. A trial runs meanwhile.`}
    </Notice>
  );
}
