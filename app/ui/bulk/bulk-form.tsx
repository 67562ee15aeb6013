import { getFormProps, type SubmissionResult, useForm } from "@conform-to/react";
import { Form, useSearchParams } from "@remix-run/react";
import type { BulkActId } from "~/core/bulk/bulk-act";
import type { BulkOfList } from "~/forms/bulk/bulk-list";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { Field } from "~/ui/kit/field";
import { Textarea, TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { PickList } from "~/ui/kit/pick-list";
import { SubmitRow } from "~/ui/kit/submit-row";
import { bulkActWords } from "./bulk-words";
import { KeyChoice } from "./key-choice";

type Choices = { key: string; name: string }[] | null;

export type BulkFormProps = {
  acts: BulkActId[];
  plans: Choices;
  addOns: Choices;
  features: Choices;
  /** All of a list, or null if the tenants are named. */
  all: BulkOfList | null;
  total: number | null;
  isTotalKnown: boolean;
  /** Keys that were ticked in a list, and what that list is about. */
  picked: { keys: string[]; act?: BulkActId; feature?: string } | null;
  lastResult: SubmissionResult | undefined;
  busy: boolean;
};

/** One form for all acts: the fields of those that are not chosen are hidden by CSS, so that it needs no script. */
export function BulkForm({ acts, plans, addOns, features, all, total, isTotalKnown, picked, lastResult, busy }: BulkFormProps) {
  const [form, fields] = useForm({
    id: "bulk",
    lastResult,
    defaultValue: {
      act: (picked?.act ?? acts.find((act) => act === all?.act) ?? acts[0]) as string | undefined,
      keys: picked?.keys.join("\n") ?? "",
      features: [picked?.feature ?? all?.feature ?? []].flat(),
      days: "14",
      plan: "",
      addOn: "",
      bundle: "",
      note: "",
    },
  });
  const chosen = [fields.features.initialValue ?? []].flat() as string[];
  const [params] = useSearchParams();
  // With what it is about in the address, so that the page that shows an error knows it, too.
  const action = paths.bulk(all === null ? {} : Object.fromEntries(params));
  return (
    <Form method="post" action={action} {...getFormProps(form)} className="group/bulk grid max-w-3xl gap-4">
      <FormErrors errors={form.errors} />
      <Card>
        {all === null ? (
          <Field label="Tenants" field={fields.keys} hint="Keys of tenants, one on each line, up to 5,000.">
            <Textarea rows={6} defaultValue={fields.keys.initialValue} autoComplete="off" spellCheck={false} className="font-mono" />
          </Field>
        ) : (
          <MatchingTenants all={all} total={total ?? 0} isTotalKnown={isTotalKnown} />
        )}
        <input type="hidden" name="from" value={all?.list ?? "keys"} />
      </Card>
      <Card>
        <Field label="What to do" field={fields.act} group>
          <RadioCards
            name={fields.act.name}
            checked={fields.act.initialValue}
            columns={2}
            options={acts.map((value) => ({ value, ...bulkActWords[value] }))}
          />
        </Field>
        <div className="hidden group-has-[[value=extend\_trial]:checked]/bulk:block group-has-[[value=grant\_trial]:checked]/bulk:block group-has-[[value=end\_trial]:checked]/bulk:block">
          <Field label="Features" field={fields.features} hint={<FeatureHint />} group={features !== null}>
            {features === null ? (
              <Textarea rows={3} defaultValue={chosen.join("\n")} autoComplete="off" spellCheck={false} className="font-mono" />
            ) : (
              <PickList
                name={fields.features.name}
                noun="features"
                checked={chosen}
                options={features.map(({ key, name }) => ({ value: key, label: name, detail: name === key ? undefined : key }))}
              />
            )}
          </Field>
        </div>
        <div className="hidden group-has-[[value=grant\_bundle]:checked]/bulk:block">
          <Field label="Plan or add-on" field={fields.bundle}>
            <KeyChoice
              choices={plans && addOns && [...plans, ...addOns]}
              value={fields.bundle.initialValue}
              empty="Choose a plan or an add-on"
            />
          </Field>
        </div>
        <div className="hidden group-has-[[value=extend\_trial]:checked]/bulk:block group-has-[[value=grant\_bundle]:checked]/bulk:block group-has-[[value=grant\_trial]:checked]/bulk:block">
          <Field label="Days" field={fields.days} hint="Of 24 hours.">
            <TextInput inputMode="numeric" defaultValue={fields.days.initialValue} autoComplete="off" className="max-w-32" />
          </Field>
        </div>
        <div className="hidden group-has-[[value=change\_plan]:checked]/bulk:block">
          <Field label="Plan" field={fields.plan}>
            <KeyChoice choices={plans} value={fields.plan.initialValue} empty="Choose a plan" more={[["-", "No plan"]]} />
          </Field>
        </div>
        <div className="hidden group-has-[[value=add\_add\_on]:checked]/bulk:block group-has-[[value=remove\_add\_on]:checked]/bulk:block">
          <Field label="Add-on" field={fields.addOn}>
            <KeyChoice choices={addOns} value={fields.addOn.initialValue} empty="Choose an add-on" />
          </Field>
        </div>
        <Field label="Note" field={fields.note} hint="Why, for the audit log." optional>
          <Textarea rows={2} maxLength={1_000} defaultValue={fields.note.initialValue} />
        </Field>
        <p className="text-ink-muted text-xs">Nothing is changed yet: the next page shows what would happen to each tenant.</p>
        <SubmitRow busy={busy} disabled={acts.length === 0} cancelTo={all === null ? paths.tenants() : listOf(all)}>
          Show what changes
        </SubmitRow>
      </Card>
    </Form>
  );
}

function FeatureHint() {
  return (
    <>
      <span className="hidden group-has-[[value=grant\_trial]:checked]/bulk:inline">
        Limits and values are those of the next plan above each tenant's.
      </span>
      <span className="group-has-[[value=grant\_trial]:checked]/bulk:hidden">
        Only trials of these features; all trials if none is chosen.
      </span>
    </>
  );
}

/** Where the list is. */
function listOf({ list, query, feature = "" }: BulkOfList): string {
  const params = Object.fromEntries(new URLSearchParams(query));
  if (list === "demand") return paths.demandFeature(feature, { days: Number(params.days) });
  return list === "trials" ? paths.trials(params) : paths.tenants(params);
}

const words: Record<BulkOfList["list"], string> = {
  filter: "that match",
  trials: "with such a trial",
  demand: "that were refused it",
};

function MatchingTenants({ all, total, isTotalKnown }: { all: BulkOfList; total: number; isTotalKnown: boolean }) {
  const { list, query, filters } = all;
  const number = `${isTotalKnown ? "" : "at least "}${count(total)}`;
  return (
    <div className="text-sm">
      <p className="font-medium text-ink">{filters.length === 0 ? `All ${number} tenants` : `All ${number} tenants ${words[list]}`}</p>
      {filters.length > 0 && <p className="mt-1 text-ink-muted wrap-anywhere">{filters.join(" · ")}</p>}
      <p className="mt-1 text-ink-muted text-xs">
        They are looked up when the job runs. <TextLink to={listOf(all)}>Show them</TextLink>
      </p>
      <input type="hidden" name="query" value={query} />
    </div>
  );
}
