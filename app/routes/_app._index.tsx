import { type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { readTimeZone } from "~/forms/time-zone";
import { paths } from "~/paths";
import { requireAdmin } from "~/server/admins/sessions.server";
import { readHome } from "~/server/home/home.server";
import { AtWork } from "~/ui/home/at-work";
import { FirstSteps } from "~/ui/home/first-steps";
import { NeedsYou } from "~/ui/home/needs-you";
import { TroubleNotices } from "~/ui/home/trouble-notices";
import { curlLine } from "~/ui/kit/curl";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { PageHeader } from "~/ui/kit/page-header";
import { StaleFigures } from "~/ui/usage/stale-figures";

export const meta: MetaFunction = () => [{ title: "Home · Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "read");
  const home = await readHome(context, readTimeZone(request.headers.get("Cookie")) ?? "UTC");
  if (home.start && !home.start.hasCatalogue && !home.start.hasTenants) throw redirect(paths.welcome());
  return { ...home, role: admin.role, origin: new URL(request.url).origin };
}

export default function Home() {
  const home = useLoaderData<typeof loader>();
  const { now, start, keys, posthog, plans, checks, staleSince, activities, origin } = home;
  return (
    <>
      <PageHeader title="Home" />
      {start && <FirstSteps start={start} curl={curlLine(origin, start.tenant ?? "acme")} />}
      <TroubleNotices keys={keys} posthog={posthog} now={now} />
      <StaleFigures since={staleSince} now={now} />
      <NeedsYou {...home} />
      <AtWork plans={plans} checks={checks} activities={activities} now={now} />
    </>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage inShell />;
}
