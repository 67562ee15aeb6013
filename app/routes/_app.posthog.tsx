import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";
import { RefreshCw } from "lucide-react";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { Card } from "~/ui/kit/card";
import { CodeBlock } from "~/ui/kit/code";
import { EmptyState } from "~/ui/kit/empty-state";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { Tabs } from "~/ui/kit/tabs";

export const meta: MetaFunction = () => [{ title: "PostHog · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await requireAdmin(request, context, "read");
  return { isOn: context.posthog !== null };
}

const switchOn = "POSTHOG_PROJECT_API_KEY=phc_…\nPOSTHOG_HOST=https://eu.i.posthog.com";

export default function PosthogLayout() {
  const { isOn } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="PostHog" description="What PostHog knows of each tenant: its group properties." />
      {isOn ? (
        <>
          <Tabs
            label="PostHog"
            tabs={[
              { label: "Group sync", to: paths.posthog(), end: true },
              { label: "Metadata", to: paths.posthogMetadata() },
              { label: "Drift", to: paths.posthogDrift() },
            ]}
          />
          <Outlet />
        </>
      ) : (
        <Card flush>
          <EmptyState icon={RefreshCw} title="PostHog is off">
            Set the project's API key, which begins with phc_, and its host, then start Latchkey again, without POSTHOG_ENABLED=false.
            Nothing is sent until then.
            <CodeBlock text={switchOn} label="Environment" className="mt-4 text-left" />
          </EmptyState>
        </Card>
      )}
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
