import { getFormProps, type SubmissionResult, useForm } from "@conform-to/react";
import { Form, useNavigation } from "@remix-run/react";
import { Badge } from "~/ui/kit/badge";
import { Button } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { KeyValue } from "~/ui/kit/key-value";
import { FormErrors } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";
import { useValidation } from "~/ui/kit/use-validation";

type Props = { state: { since: number; codesLeft: number }; now: number; email: string; lastResult?: SubmissionResult | null };

/** What is set up, and the form that makes new recovery codes or switches the second factor off. */
export function FactorManage({ state, now, email, lastResult }: Props) {
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "factor",
    lastResult,
    onValidate: useValidation(async () => (await import("~/forms/admins/admin")).factorProofForm),
    shouldRevalidate: "onInput",
  });
  return (
    <>
      <Section title="Authenticator app">
        <KeyValue
          items={[
            {
              label: "State",
              value: (
                <Badge tone="yes" dot>
                  On
                </Badge>
              ),
            },
            { label: "Since", value: <Time at={state.since} now={now} show="both" /> },
            { label: "Recovery codes left", value: `${state.codesLeft} of 10` },
          ]}
        />
      </Section>
      <Section title="Change it" description="Both need your password and a code. New recovery codes replace all earlier ones.">
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={form.errors} />
          <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
          <Field label="Password" field={fields.current}>
            <TextInput type="password" autoComplete="current-password" />
          </Field>
          <Field label="Code" field={fields.code} hint="The 6 digits that the app shows now, or a recovery code.">
            <TextInput autoComplete="one-time-code" autoCapitalize="none" spellCheck={false} />
          </Field>
          <SubmitRow
            intent="codes"
            busy={busy}
            more={
              <Button variant="danger" name="intent" value="off">
                Switch off
              </Button>
            }
          >
            Make new recovery codes
          </SubmitRow>
        </Form>
      </Section>
    </>
  );
}
