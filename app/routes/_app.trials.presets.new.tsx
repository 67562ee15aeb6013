import { getFormProps, useForm } from "@conform-to/react";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { presetLengths } from "~/core/grants/trial-presets";
import { mayAct } from "~/core/permissions";
import { presetForm } from "~/forms/grants/trial-preset";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { savePreset } from "~/server/grants/trial-presets.server";
import { invalid, readForm, refused } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { Card } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Textarea, TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { SubmitRow } from "~/ui/kit/submit-row";

export const meta: MetaFunction = () => [{ title: "New preset · Trials · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const { searchParams } = new URL(request.url);
  const features = (searchParams.get("features") ?? "").slice(0, 10_000).split(",").filter(Boolean);
  const days = presetLengths.find((length) => length === searchParams.get("days")) ?? "14";
  return { features: features.join("\n"), days, canChange: mayAct(admin.role, "presets.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const admin = await requireAdmin(request, context, "presets.change");
  const submission = await readForm(request, presetForm);
  if (submission.status !== "success") return invalid(submission);
  const { name, features, days } = submission.value;
  const result = await savePreset(context, actorOf(admin), { name, features, days: Number(days) });
  if (!result.ok) return refused(submission, result, { name: "name", features: "features" });
  return redirectWithToast(paths.trialPresets(), { message: `The preset ${name} is kept.` });
}

export default function NewTrialPreset() {
  const { features, days, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "preset",
    lastResult: useActionData<typeof action>()?.result,
    defaultValue: { name: "", features, days } as { name: string; features: string; days: string },
  });
  return (
    <>
      <PageHeader title="New preset" breadcrumbs={[{ label: "Presets", to: paths.trialPresets() }]} />
      <PermissionNotice canChange={canChange} act="presets.change" />
      <Card className="max-w-2xl">
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={form.errors} />
          <Field label="Name" field={fields.name} hint="As people who grant trials call it.">
            <TextInput defaultValue={fields.name.initialValue} autoComplete="off" />
          </Field>
          <Field label="Features" field={fields.features} hint="Keys of features, one on each line.">
            <Textarea rows={5} defaultValue={fields.features.initialValue} autoComplete="off" spellCheck={false} className="font-mono" />
          </Field>
          <Field label="How long" field={fields.days} group>
            <RadioCards
              name={fields.days.name}
              checked={fields.days.initialValue}
              columns={3}
              options={presetLengths.map((value) => ({ value, label: `${value} days` }))}
            />
          </Field>
          <SubmitRow busy={busy} disabled={!canChange} cancelTo={paths.trialPresets()}>
            Save preset
          </SubmitRow>
        </Form>
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
