import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import { keyOf, paths } from "~/paths";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { listKeys, revokeKey } from "~/server/keys/api-keys.server";
import { Card } from "~/ui/kit/card";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { KeyValue } from "~/ui/kit/key-value";
import { Notice } from "~/ui/kit/notice";
import { PageHeader } from "~/ui/kit/page-header";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";

export const meta: MetaFunction = () => [{ title: "Revoke API key · Latchkey" }];

const nothing = () => new Response("There is no such API key. Look in the list.", { status: 404 });

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "keys.change");
  const key = (await listKeys(context)).find(({ id }) => id === keyOf(params.id));
  if (!key) throw nothing();
  return { key, now: context.now() };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "keys.change");
  if ((await revokeKey(context, actorOf(me), keyOf(params.id))) === "unknown") throw nothing();
  throw redirectWithToast(paths.keys(), { message: "The key is revoked. Calls with it are refused from now on." });
}

export default function RevokeKey() {
  const { key, now } = useLoaderData<typeof loader>();
  const busy = useNavigation().formMethod === "POST";
  return (
    <>
      <PageHeader title={`Revoke “${key.name}”?`} breadcrumbs={[{ label: "API keys", to: paths.keys() }]} />
      <Card className="max-w-2xl">
        <Notice kind="warning" className="mb-4">
          Every call with this key is refused at once, and it cannot be taken back. Give the program another key first.
        </Notice>
        <KeyValue
          items={[
            { label: "Key", value: <code className="font-mono text-xs">{key.hint}</code> },
            { label: "Scopes", value: key.scopes.join(", ") },
            { label: "Last used", value: key.lastUsedAt === null ? "Never" : <Time at={key.lastUsedAt} now={now} show="both" /> },
          ]}
        />
        <Form method="post">
          <SubmitRow variant="danger" busy={busy} cancelTo={paths.keys()} cancelLabel="Keep it" className="pt-4">
            Revoke key
          </SubmitRow>
        </Form>
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
