import { data, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Links, Meta, Outlet, Scripts, ScrollRestoration, useRouteLoaderData } from "@remix-run/react";
import type { ReactNode } from "react";
import { readTimeZone } from "~/forms/time-zone";
import { browserPosthog } from "~/server/http/posthog-browser.server";
import { clearToastCookie, readToast } from "~/server/http/toast.server";
import stylesheet from "~/tailwind.css?url";
import { RouteErrorPage } from "~/ui/kit/error-page";
import { useNonce } from "~/ui/kit/nonce";
import { ToastBanner, Toasts } from "~/ui/kit/toasts";
import { Analytics } from "~/ui/shell/analytics";
import { readTheme } from "~/ui/shell/theme";
import { TimeZoneProvider } from "~/ui/shell/time-zone-provider";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: stylesheet },
  { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" },
];

export const meta: MetaFunction = () => [{ title: "Latchkey" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const cookie = request.headers.get("Cookie");
  const toast = readToast(cookie);
  // Pages work without it.
  const posthog = await browserPosthog(request, context).catch(() => null);
  return data(
    { theme: readTheme(cookie), zone: readTimeZone(cookie), toast, posthog },
    toast ? { headers: { "Set-Cookie": clearToastCookie } } : undefined,
  );
}

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useNonce();
  // Absent if the loader failed.
  const { theme = "system", zone = null, toast = null, posthog = null } = useRouteLoaderData<typeof loader>("root") ?? {};
  return (
    <html lang="en" className={theme === "system" ? undefined : theme}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === "system" ? "light dark" : theme} />
        <Meta />
        <Links />
      </head>
      <body>
        <ToastBanner toast={toast} />
        <TimeZoneProvider zone={zone}>{children}</TimeZoneProvider>
        <Toasts toast={toast} theme={theme} />
        <Analytics settings={posthog} />
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function App() {
  return <Outlet />;
}

export function ErrorBoundary() {
  return <RouteErrorPage />;
}
