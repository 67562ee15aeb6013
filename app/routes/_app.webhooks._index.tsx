import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Webhook } from "lucide-react";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readWebhooks } from "~/server/webhooks/webhook-pages.server";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { type Column, DataTable, NameCell } from "~/ui/kit/data-table";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { endpointLook, webhookKindWords } from "~/ui/webhooks/webhook-words";

export const meta: MetaFunction = () => [{ title: "Webhooks · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "webhooks.change");
  return readWebhooks(context);
}

type Row = ReturnType<typeof useLoaderData<typeof loader>>["endpoints"][number];

const columns: Column<Row>[] = [
  {
    id: "address",
    header: "Address",
    primary: true,
    className: "ph-no-capture md:max-w-96",
    cell: ({ id, host, url }) => <NameCell to={paths.webhook(id)} name={host} detail={url} />,
  },
  { id: "kind", header: "Sends", cell: ({ kind }) => webhookKindWords[kind].label },
  { id: "events", header: "Events", cell: ({ eventCount }) => count(eventCount) },
  {
    id: "state",
    header: "State",
    card: "corner",
    cell: (row) => {
      const { tone, label } = endpointLook(row);
      return (
        <Badge tone={tone} dot>
          {label}
        </Badge>
      );
    },
  },
  {
    id: "waiting",
    header: "Waiting",
    cell: ({ waiting }) => (waiting >= 1_000 ? "1,000 or more" : count(waiting)),
  },
  {
    id: "delivered",
    header: "Last delivery",
    cell: ({ lastDeliveredAt, now }) =>
      lastDeliveredAt === null ? <span className="text-ink-faint">never</span> : <Time at={lastDeliveredAt} now={now} />,
  },
];

export default function WebhookList() {
  const { endpoints, isFull } = useLoaderData<typeof loader>();
  const create = !isFull && (
    <LinkButton to={paths.webhookNew()} variant="primary">
      New webhook
    </LinkButton>
  );
  return (
    <>
      <PageHeader title="Webhooks" description="Addresses that are sent what happens to tenants, trials and limits." actions={create} />
      <Card flush>
        <DataTable
          rows={endpoints}
          columns={columns}
          rowKey={({ id }) => id}
          caption="Webhooks"
          empty={
            <EmptyState icon={Webhook} title="No webhooks yet" action={create}>
              Create one for a program or a Slack channel that should know of changes.
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
