import { getFormProps, type SubmissionResult, useForm } from "@conform-to/react";
import { Form, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";
import { type WebhookEventType, type WebhookKind, webhookEventNames, webhookEventTypes, webhookKinds } from "~/core/webhooks/event-types";
import { Card } from "~/ui/kit/card";
import { Checkbox, RadioCards } from "~/ui/kit/choices";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { webhookKindWords } from "./webhook-words";

type Props = {
  result: SubmissionResult | undefined;
  /** What the form starts with. `kind` is left out where it cannot be changed. */
  initial: { url: string; kind?: WebhookKind; events: WebhookEventType[] };
  cancelTo: string;
  children: ReactNode;
};

export function WebhookForm({ result, initial, cancelTo, children }: Props) {
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm<{ url: string; kind: string; events: string[] }>({
    id: "webhook",
    lastResult: result,
    defaultValue: initial,
  });
  const chosen = result ? [fields.events.initialValue ?? []].flat() : initial.events;
  return (
    <Card className="max-w-2xl">
      <Form method="post" {...getFormProps(form)}>
        <FormErrors errors={form.errors} />
        <Field label="Address" field={fields.url} hint="Gets a POST for each event. It has to be reachable from this server.">
          <TextInput
            type="url"
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            className="ph-no-capture"
            placeholder="https://example.com/webhooks/latchkey"
            defaultValue={fields.url.initialValue}
          />
        </Field>
        {initial.kind !== undefined && (
          <Field label="Sends" field={fields.kind} group>
            <RadioCards
              name={fields.kind.name}
              checked={String(fields.kind.initialValue ?? initial.kind)}
              columns={2}
              options={webhookKinds.map((value) => ({ value, ...webhookKindWords[value] }))}
            />
          </Field>
        )}
        <Field label="Events" field={fields.events} group>
          <div className="grid gap-x-6 sm:grid-cols-2">
            {webhookEventNames.map((name) => (
              <Checkbox
                key={name}
                name={fields.events.name}
                value={name}
                defaultChecked={chosen.includes(name)}
                label={<code className="font-mono text-xs">{name}</code>}
                hint={webhookEventTypes[name]}
              />
            ))}
          </div>
        </Field>
        <SubmitRow busy={busy} cancelTo={cancelTo}>
          {children}
        </SubmitRow>
      </Form>
    </Card>
  );
}
