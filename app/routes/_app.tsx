import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";
import { requireAdmin } from "~/server/sessions.server";
import { AppShell } from "~/ui/app-shell";
import { RouteErrorPage } from "~/ui/error-page";
import { readTheme } from "~/ui/theme";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { name, email, role } = await requireAdmin(request, context);
  return { admin: { name, email, role }, theme: readTheme(request.headers.get("Cookie")), hasPosthog: context.posthog !== null };
}

/** The frame of every page behind the sign-in. Each page's own loader asks again who is there: loaders run side by side. */
export default function SignedIn() {
  const { admin, theme, hasPosthog } = useLoaderData<typeof loader>();
  return (
    <AppShell admin={admin} theme={theme} hasPosthog={hasPosthog}>
      <Outlet />
    </AppShell>
  );
}

export function ErrorBoundary() {
  return <RouteErrorPage />;
}
