import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { KeyRound } from "lucide-react";
import { mayAct } from "~/core/permissions";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { keyStateOf, listKeys } from "~/server/keys/api-keys.server";
import { successorOf } from "~/server/keys/key-rotation.server";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { Time } from "~/ui/kit/time";

export const meta: MetaFunction = () => [{ title: "API keys · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await requireAdmin(request, context, "read");
  const now = context.now();
  const mayChange = mayAct(me.role, "keys.change");
  const all = await listKeys(context);
  const keys = all.map((key) => {
    const hasSuccessor = successorOf(key, all) !== undefined;
    return { ...key, state: keyStateOf(key, now), hasSuccessor, now, mayChange };
  });
  return { keys, mayChange };
}

type Row = ReturnType<typeof useLoaderData<typeof loader>>["keys"][number];

const looks = {
  active: { tone: "yes", label: "Active" },
  expired: { tone: "warn", label: "Expired" },
  revoked: { tone: "neutral", label: "Revoked" },
} as const;

const columns: Column<Row>[] = [
  { id: "name", header: "Name", primary: true, cell: ({ name, hint }) => <NameCell name={name} detail={hint} /> },
  {
    id: "scopes",
    header: "Scopes",
    cell: ({ scopes, kind, tenant }) => (
      <span className="flex flex-wrap gap-1">
        {scopes.map((scope) => (
          <Badge key={scope} tone={scope === "manage" ? "override" : "neutral"}>
            {scope}
          </Badge>
        ))}
        {kind === "pub" && <Badge tone="trial">browsers</Badge>}
        {tenant !== null && <Badge tone="neutral">only {tenant}</Badge>}
      </span>
    ),
  },
  {
    id: "state",
    header: "State",
    card: "corner",
    cell: ({ state }) => (
      <Badge tone={looks[state].tone} dot>
        {looks[state].label}
      </Badge>
    ),
  },
  {
    id: "used",
    header: "Last used",
    cell: ({ lastUsedAt, hasSuccessor, state, now }) => {
      if (lastUsedAt === null) return <span className="text-ink-faint">never</span>;
      if (!hasSuccessor || state !== "active") return <Time at={lastUsedAt} now={now} />;
      return (
        <span className="text-warn">
          old key still used <Time at={lastUsedAt} now={now} />
        </span>
      );
    },
  },
  {
    id: "expires",
    header: "Expires",
    cell: ({ expiresAt, now }) => (expiresAt === null ? <span className="text-ink-faint">never</span> : <Time at={expiresAt} now={now} />),
  },
  {
    id: "made",
    header: "Created",
    cell: ({ createdAt, createdBy, now }) => (
      <span title={createdBy} className="text-ink-muted">
        <Time at={createdAt} now={now} show="date" />
      </span>
    ),
  },
  {
    id: "actions",
    header: "",
    align: "right",
    card: "bare",
    cell: ({ id, name, state, hasSuccessor, mayChange }) =>
      mayChange &&
      state !== "revoked" && (
        <span className="flex justify-end gap-1">
          {state === "active" && !hasSuccessor && (
            <LinkButton to={paths.keyRotate(id)} size="sm" aria-label={`Rotate ${name}`}>
              Rotate
            </LinkButton>
          )}
          <LinkButton to={paths.keyRevoke(id)} size="sm" aria-label={`Revoke ${name}`}>
            Revoke
          </LinkButton>
        </span>
      ),
  },
];

export default function Keys() {
  const { keys, mayChange } = useLoaderData<typeof loader>();
  const create = mayChange && (
    <LinkButton to={paths.keyNew()} variant="primary">
      New API key
    </LinkButton>
  );
  const actions = (
    <>
      <LinkButton to={paths.apiReference()} reloadDocument>
        API reference
      </LinkButton>
      {create}
    </>
  );
  return (
    <>
      <PageHeader title="API keys" description="Credentials that your programs send with API requests." actions={actions} />
      <Card flush>
        <DataTable
          rows={keys}
          columns={columns}
          rowKey={({ id }) => id}
          caption="API keys"
          empty={
            <EmptyState icon={KeyRound} title="No API keys yet" action={create}>
              Create one for the app that checks what its tenants may use.
            </EmptyState>
          }
        />
      </Card>
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
