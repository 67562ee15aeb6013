import { getFormProps, useForm } from "@conform-to/react";
import { type ActionFunctionArgs, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { metadataForm } from "~/forms/posthog/posthog-page";
import { paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { invalid, readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { chooseMetadata } from "~/server/posthog/groups/metadata-choice.server";
import { metadataOptions } from "~/server/posthog/groups/synced-metadata.server";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { PickList } from "~/ui/kit/pick-list";
import { SubmitRow } from "~/ui/kit/submit-row";
import { useValidation } from "~/ui/kit/use-validation";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  if (!context.posthog) throw redirect(paths.posthog());
  return { ...(await metadataOptions(context.db)), canChange: mayAct(me.role, "posthog.change") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "posthog.change");
  const submission = await readForm(request, metadataForm);
  if (submission.status !== "success") return invalid(submission);
  await chooseMetadata(context, actorOf(me), submission.value);
  const n = submission.value.length;
  const message = n === 0 ? "No metadata is sent." : `${n === 1 ? "One key" : `${count(n)} keys`} of metadata may be sent.`;
  return redirectWithToast(paths.posthogMetadata(), { message });
}

export default function Metadata() {
  const { options, chosen, canChange } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  const [form, fields] = useForm({
    id: "metadata",
    lastResult: useActionData<typeof action>()?.result,
    onValidate: useValidation(async () => (await import("~/forms/posthog/posthog-page")).metadataForm),
    shouldRevalidate: "onInput",
  });
  return (
    <div className="max-w-2xl">
      <PermissionNotice canChange={canChange} act="posthog.change" />
      <Card>
        <Form method="post" {...getFormProps(form)}>
          <FormErrors errors={form.errors} />
          <p className="mb-4 text-ink-muted text-sm">
            Metadata may be confidential, so only the keys chosen here are sent to PostHog, as metadata_… Keys that are no longer chosen
            become empty in PostHog.
          </p>
          {options.length > 0 && (
            <Field label="Keys in use" name="key" group hint="As seen in the newest tenants.">
              <PickList
                key={chosen.join("\n")}
                name="key"
                noun="keys"
                checked={chosen}
                options={options.map(({ key, tenants }) => ({
                  value: key,
                  label: key,
                  detail: tenants === 0 ? undefined : tenants === 1 ? "1 tenant" : `${count(tenants)} tenants`,
                }))}
              />
            </Field>
          )}
          <Field label="Other keys" field={fields.others} hint="One on each line." optional>
            <Textarea rows={2} autoComplete="off" defaultValue={fields.others.initialValue} />
          </Field>
          <SubmitRow busy={busy} disabled={!canChange}>
            Save
          </SubmitRow>
        </Form>
      </Card>
    </div>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
