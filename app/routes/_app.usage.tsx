import { Outlet } from "@remix-run/react";
import { paths } from "~/paths";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { Tabs } from "~/ui/kit/tabs";

/** Title and tabs of the pages about all tenants' use. */
export default function UsageLayout() {
  return (
    <>
      <PageHeader title="Usage" description="What tenants use of their limits, and what they ask for without having it." />
      <Tabs
        label="Usage"
        tabs={[
          { label: "Limits", to: paths.usage(), end: true },
          { label: "Demand", to: paths.demand() },
          { label: "Compare", to: paths.compare([]) },
        ]}
      />
      <Outlet />
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
