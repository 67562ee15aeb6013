import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { mayAct, roles } from "~/core/permissions";
import { adminForm } from "~/forms/admins/admin";
import { keyOf, paths } from "~/paths";
import { adminStateOf, changeRole, disable, enable, findOneAdmin, openLink } from "~/server/admins/admins.server";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { readForm } from "~/server/http/form.server";
import { redirectWithToast } from "~/server/http/toast.server";
import { adminStateLooks } from "~/ui/admins/admin-state";
import { roleWords } from "~/ui/admins/role-words";
import { Badge } from "~/ui/kit/badge";
import { Button } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { RadioCards } from "~/ui/kit/choices";
import { ConfirmButton } from "~/ui/kit/confirm-button";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { Field } from "~/ui/kit/field";
import { KeyValue } from "~/ui/kit/key-value";
import { FormErrors } from "~/ui/kit/notice";
import { OneTimeLink } from "~/ui/kit/one-time-link";
import { PageHeader } from "~/ui/kit/page-header";
import { PermissionNotice } from "~/ui/kit/permission-notice";
import { SubmitRow } from "~/ui/kit/submit-row";
import { Time } from "~/ui/kit/time";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.admin.name ?? "Admin"} · People · Latchkey` }];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  const admin = await findOneAdmin(context, keyOf(params.id));
  if (!admin) throw new Response("There is no such admin. Look in the list.", { status: 404 });
  const now = context.now();
  return { admin, state: adminStateOf(admin, now), now, mayManage: mayAct(me.role, "people.change"), isMe: me.id === admin.id };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const me = await requireAdmin(request, context, "people.change");
  const submission = await readForm(request, adminForm);
  if (submission.status !== "success") throw new Response("This form cannot be read. Go back and send it again.", { status: 400 });
  const form = submission.value;
  const id = keyOf(params.id);
  const actor = actorOf(me);
  if (form.intent === "link") {
    const linked = await openLink(context, actor, id);
    if (!linked.ok) return data({ refusal: linked.message }, { status: 409 });
    return data({ link: new URL(paths.invite(linked.token), request.url).href });
  }
  const acts = { disable, enable };
  const done = form.intent === "role" ? await changeRole(context, actor, id, form.role) : await acts[form.intent](context, actor, id);
  if (!done.ok) return data({ refusal: done.message }, { status: 409 });
  const { name, role } = done.admin;
  const said = { role: `${name} has the role ${role}.`, disable: `${name} can no longer sign in.`, enable: `${name} can sign in again.` };
  throw redirectWithToast(paths.admin(id), { message: said[form.intent] });
}

export default function AdminPage() {
  const { admin, state, now, mayManage, isMe } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const look = adminStateLooks[state];
  return (
    <>
      <PageHeader
        title={isMe ? `${admin.name} (you)` : admin.name}
        breadcrumbs={[{ label: "People", to: paths.admins() }]}
        badges={
          <Badge tone={look.tone} dot>
            {look.label}
          </Badge>
        }
      />
      <div className="grid max-w-3xl gap-6">
        <FormErrors errors={answer && "refusal" in answer ? answer.refusal : undefined} className="mb-0" />
        {answer && "link" in answer && (
          <div>
            <OneTimeLink
              link={answer.link}
              sentence={`Give this link to ${admin.name}. It sets a password, works once and lasts 7 days.`}
            />
          </div>
        )}
        <Section title="Who">
          <KeyValue
            items={[
              { label: "E-mail", value: admin.email },
              { label: "Role", value: <span className="capitalize">{admin.role}</span> },
              {
                label: "Last sign-in",
                value: admin.lastSignInAt === null ? "Never" : <Time at={admin.lastSignInAt} now={now} show="both" />,
              },
              { label: "Added", value: <Time at={admin.createdAt} now={now} show="both" /> },
              { label: "By", value: admin.createdBy },
            ]}
          />
        </Section>
        <PermissionNotice canChange={mayManage} act="people.change" />
        {mayManage && <Manage />}
      </div>
    </>
  );
}

function Manage() {
  const { admin, isMe } = useLoaderData<typeof loader>();
  return (
    <>
      <Section title="Role">
        {/* The key resets the choice to the current state after a change. */}
        <Form method="post" key={admin.role}>
          <Field label="Role" name="role" group>
            <RadioCards
              name="role"
              checked={admin.role}
              columns={2}
              options={roles.map((role) => ({
                value: role,
                label: <span className="capitalize">{role}</span>,
                hint: roleWords[role],
              }))}
            />
          </Field>
          <SubmitRow intent="role" variant="secondary">
            Change role
          </SubmitRow>
        </Form>
      </Section>
      <Section
        title="Access"
        description={
          admin.disabledAt !== null
            ? "They cannot sign in. The audit log keeps their name."
            : admin.hasPassword
              ? "For a forgotten password. The old password works until the link is used."
              : "A new invitation link; the one before stops working."
        }
      >
        <Form method="post" className="flex flex-wrap gap-2">
          {admin.disabledAt === null ? (
            <>
              <Button name="intent" value="link">
                {admin.hasPassword ? "Make password link" : "Make new invitation link"}
              </Button>
              <ConfirmButton
                name="intent"
                value="disable"
                variant="danger"
                title={isMe ? "Disable your own account?" : `Disable ${admin.name}?`}
                description={
                  isMe
                    ? "You are signed out at once and can no longer sign in. Another owner can enable the account again."
                    : "Their sessions end at once and they can no longer sign in. You can enable the account again."
                }
                confirmLabel="Disable account"
              >
                Disable account
              </ConfirmButton>
            </>
          ) : (
            <Button name="intent" value="enable">
              Enable account
            </Button>
          )}
        </Form>
      </Section>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
