import { getFormProps, type SubmissionResult, useForm } from "@conform-to/react";
import { Form, useNavigation, useSubmit } from "@remix-run/react";
import { ArrowRight } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import type { Given } from "~/core/decision/given";
import type { Feature, Value } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { listWords } from "~/core/text";
import { writeValue } from "~/forms/catalogue/feature-value";
import { Button, LinkButton } from "~/ui/kit/button";
import { Card, FormActions } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { cx } from "~/ui/kit/cx";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors, Notice } from "~/ui/kit/notice";
import { useValidation } from "~/ui/kit/use-validation";
import { EffectsOnTenants } from "./effects-on-tenants";
import { ImpactForm } from "./impact-form";
import { Gives } from "./plan-cell-summary";
import { ValueInput, valueLabel } from "./value-input";

type Preview =
  | Refusal
  | {
      ok: true;
      changed: boolean;
      before: Given;
      after: Given;
      along: string[];
      effects: ChangeEffects;
    };
type Proposal = { result: SubmissionResult; preview: Preview | null; stale: string | null };

type Props = {
  plan: { key: string; name: string };
  feature: Feature;
  /** The plan's own entry. */
  own: Value | null;
  inherited: Given;
  proposal: Proposal | null;
  refused: SubmissionResult | undefined;
  back: string;
};

/** Delay after the last key before the effect is computed, in ms. */
const pause = 300;

/** First the new value, kept in the URL; then its effect and the button that saves it. */
export function CellForm({ plan, feature, own, inherited, proposal, refused, back }: Props) {
  const submit = useSubmit();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const element = useRef<HTMLFormElement>(null);
  /** The effect below belongs to an earlier input. */
  const [edited, setEdited] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new proposal is what was entered last
  useEffect(() => setEdited(false), [proposal]);
  useEffect(() => {
    element.current?.querySelector<HTMLInputElement>("input:checked")?.focus();
    return () => clearTimeout(timer.current);
  }, []);
  const onValidate = useValidation(async () => (await import("~/forms/catalogue/plan-cell")).cellForm(feature));
  const [form, fields] = useForm({
    id: "cell",
    lastResult: proposal?.result,
    defaultValue: { gives: own === null ? "none" : "own", value: own === null ? "" : writeValue(feature, own) },
    onValidate,
    shouldRevalidate: "onInput",
  });
  const was = JSON.stringify(own);
  const search = new URLSearchParams(back.split("?")[1] ?? "").toString();
  const sent = proposal?.result.initialValue as { gives?: string; value?: string } | undefined;

  function show(wait: number) {
    setEdited(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (!element.current) return;
      const fits = !onValidate || onValidate({ formData: new FormData(element.current) }).status === "success";
      if (fits) submit(element.current, { replace: true, preventScrollReset: true });
      else form.validate({ name: fields.value.name });
    }, wait);
  }

  const choices = [
    { value: "own", label: feature.type === "boolean" ? "On" : valueLabel(feature), hint: `An entry of ${plan.name}'s own.` },
    inherited
      ? { value: "none", label: "What it inherits", hint: `${inherited.text}, from ${inherited.from}.` }
      : { value: "none", label: "Not given", hint: "No entry." },
  ];
  return (
    <>
      <Card className="group/cell">
        <Form
          ref={element}
          method="get"
          {...getFormProps(form)}
          onChange={(event) => show((event.target as { type?: string }).type === "radio" ? 0 : pause)}
        >
          {search && <input type="hidden" name="back" value={search} />}
          <input type="hidden" name="was" value={was} />
          <Field label={`What ${plan.name} gives`} field={fields.gives} group>
            <RadioCards name={fields.gives.name} checked={fields.gives.initialValue} columns={2} options={choices} />
          </Field>
          {feature.type !== "boolean" && (
            <div className="hidden group-has-[[value=own]:checked]/cell:block">
              <Field label={valueLabel(feature)} field={fields.value}>
                <ValueInput kind={feature} name={fields.value.name} defaultValue={fields.value.initialValue} />
              </Field>
            </div>
          )}
          <noscript>
            <Button>Show what changes</Button>
          </noscript>
        </Form>
      </Card>
      <div aria-live="polite" aria-busy={edited} className={cx("mt-4 transition-opacity", edited && "opacity-50")}>
        {proposal?.preview && sent && (
          <Proposed
            cell={{ plan: plan.key, feature: feature.key }}
            preview={proposal.preview}
            stale={proposal.stale}
            sent={sent}
            was={was}
            refused={refused}
            edited={edited}
            back={back}
          />
        )}
      </div>
    </>
  );
}

type ProposedProps = {
  cell: { plan: string; feature: string };
  preview: Preview;
  stale: string | null;
  sent: { gives?: string; value?: string };
  was: string;
  refused: SubmissionResult | undefined;
  edited: boolean;
  back: string;
};

function Proposed({ cell, preview, stale, sent, was, refused, edited, back }: ProposedProps) {
  const busy = useNavigation().formMethod === "POST";
  const told = refused?.error ? Object.values(refused.error).flatMap((errors) => errors ?? []) : stale ? [stale] : [];
  if (!preview.ok) return <FormErrors errors={preview.message} />;
  const { changed, before, after, along, effects } = preview;
  if (!changed) {
    return (
      <>
        <FormErrors errors={told} />
        <Notice kind="info" action={<LinkButton to={back}>Back to the plans</LinkButton>}>
          This is how it is: nothing to save.
        </Notice>
      </>
    );
  }
  return (
    <Card>
      <FormErrors errors={told} />
      <p className="text-sm">
        <Gives given={before} /> <ArrowRight className="inline size-4 text-ink-faint" aria-label="becomes" /> <Gives given={after} />
      </p>
      {along.length > 0 && (
        <p className="mt-1 text-ink-muted text-xs">
          {listWords(along)} {along.length === 1 ? "inherits it and changes" : "inherit it and change"} too.
        </p>
      )}
      <EffectsOnTenants effects={effects} className="mt-4">
        <ImpactForm edit={{ kind: "cells", cells: [{ ...cell, value: after?.own ? after.value : null }] }} />
      </EffectsOnTenants>
      <Form method="post">
        <input type="hidden" name="gives" value={sent.gives ?? ""} />
        <input type="hidden" name="value" value={sent.value ?? ""} />
        <input type="hidden" name="was" value={was} />
        <Field label="Why" name="why" hint="For the audit log." optional className="mt-4">
          <TextInput maxLength={1_000} defaultValue={String(refused?.initialValue?.why ?? "")} autoComplete="off" />
        </Field>
        <FormActions>
          <Button variant="primary" name="intent" value="save" busy={busy} disabled={edited}>
            Save
          </Button>
          <Button name="intent" value="draft" busy={busy} disabled={edited}>
            Add to draft
          </Button>
          <LinkButton to={back} variant="ghost">
            Cancel
          </LinkButton>
        </FormActions>
      </Form>
    </Card>
  );
}
