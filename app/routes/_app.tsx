import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";
import { mayAct } from "~/core/permissions";
import { requireAdmin } from "~/server/admins/sessions.server";
import { unreadNotices } from "~/server/notices/notices.server";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { AppShell } from "~/ui/shell/app-shell";
import { KeptEntriesNotice } from "~/ui/shell/kept-entries-notice";
import { readTheme } from "~/ui/shell/theme";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { id, name, email, role } = await requireAdmin(request, context, "read");
  return {
    admin: { name, email, role },
    theme: readTheme(request.headers.get("Cookie")),
    hasPosthog: context.posthog !== null,
    canChange: mayAct(role, "trials.grant"),
    unread: await unreadNotices(context, id),
  };
}

/** The frame of every signed-in page. Each page's loader authenticates itself, because loaders run in parallel. */
export default function SignedInLayout() {
  const { admin, theme, hasPosthog, canChange, unread } = useLoaderData<typeof loader>();
  return (
    <AppShell admin={admin} theme={theme} hasPosthog={hasPosthog} canChange={canChange} unread={unread}>
      <KeptEntriesNotice owner={admin.email} />
      <Outlet />
    </AppShell>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage />;
}
