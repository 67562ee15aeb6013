import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Users } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { paths } from "~/paths";
import { adminStateOf, listAllAdmins } from "~/server/admins/admins.server";
import { requireAdmin } from "~/server/admins/sessions.server";
import { adminStateLooks } from "~/ui/admins/admin-state";
import { RoleTable } from "~/ui/admins/role-table";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Card, Section } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { Time } from "~/ui/kit/time";

export const meta: MetaFunction = () => [{ title: "People · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  const now = context.now();
  const admins = (await listAllAdmins(context)).map((admin) => ({
    ...admin,
    state: adminStateOf(admin, now),
    isMe: admin.id === me.id,
    now,
  }));
  return { admins, mayInvite: mayAct(me.role, "people.change") };
}

type Row = ReturnType<typeof useLoaderData<typeof loader>>["admins"][number];

const columns: Column<Row>[] = [
  {
    id: "name",
    header: "Name",
    primary: true,
    cell: ({ id, name, email, isMe }) => <NameCell to={paths.admin(id)} name={isMe ? `${name} (you)` : name} detail={email} />,
  },
  { id: "role", header: "Role", cell: ({ role }) => <span className="capitalize">{role}</span> },
  {
    id: "state",
    header: "State",
    card: "corner",
    cell: ({ state }) => (
      <Badge tone={adminStateLooks[state].tone} dot>
        {adminStateLooks[state].label}
      </Badge>
    ),
  },
  {
    id: "seen",
    header: "Last sign-in",
    cell: ({ lastSignInAt, now }) =>
      lastSignInAt === null ? <span className="text-ink-faint">never</span> : <Time at={lastSignInAt} now={now} />,
  },
];

export default function People() {
  const { admins, mayInvite } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader
        title="People"
        description="Who may sign in here."
        actions={
          mayInvite && (
            <LinkButton to={paths.adminInvite()} variant="primary">
              Invite admin
            </LinkButton>
          )
        }
      />
      <Card flush>
        <DataTable
          rows={admins}
          columns={columns}
          rowKey={({ id }) => id}
          caption="People"
          empty={<EmptyState icon={Users} title="No admins" />}
        />
      </Card>
      <Section title="What each role may do" flush className="mt-6">
        <RoleTable />
      </Section>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
