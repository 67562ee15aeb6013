import { getFormProps, type SubmissionResult, useForm } from "@conform-to/react";
import { Form, useNavigation } from "@remix-run/react";
import { paths } from "~/paths";
import { Section } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";

type Setup = { sealed: string; secret: string; qr: { path: string; size: number } };
type Props = { setup: Setup; email: string; lastResult?: SubmissionResult | null };

/** The QR code of a new secret, and the form that confirms it with a code. */
export function FactorSetup({ setup, email, lastResult }: Props) {
  const { sealed, secret, qr } = setup;
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "factor-setup",
    lastResult,
    onValidate: useValidation(async () => (await import("~/forms/admins/admin")).switchOnForm),
    shouldRevalidate: "onInput",
  });
  return (
    <>
      <Section
        title="1. Add Latchkey to an authenticator app"
        description="Scan the code with the app, or type the secret into it. Any app for one-time codes works."
      >
        <div className="flex flex-wrap items-start gap-5">
          {/* Dark on white in both themes, because cameras need it. */}
          <svg
            viewBox={`0 0 ${qr.size} ${qr.size}`}
            role="img"
            aria-label="QR code for the authenticator app"
            className="ph-no-capture size-48 shrink-0 rounded-control border border-line bg-white"
            shapeRendering="crispEdges"
          >
            <path d={qr.path} fill="#000" />
          </svg>
          <div className="min-w-56 flex-1">
            <CodeBlock text={secret} label="Secret" wrap />
          </div>
        </div>
      </Section>
      <Section title="2. Confirm it" description="Your other sessions end, and you get recovery codes.">
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={form.errors} />
          <input type="hidden" name="setup" value={sealed} />
          <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
          <Field label="Password" field={fields.current}>
            <TextInput type="password" autoComplete="current-password" />
          </Field>
          <Field label="Code" field={fields.code} hint="The 6 digits that the app shows now.">
            <TextInput autoComplete="one-time-code" inputMode="numeric" />
          </Field>
          <SubmitRow intent="on" busy={busy} cancelTo={paths.account()}>
            Switch on
          </SubmitRow>
        </Form>
      </Section>
    </>
  );
}
