import { useLocation, useParams } from "@remix-run/react";
import { useEffect } from "react";
import { isSecretPage } from "~/core/posthog/request-tags";
import { keyOf } from "~/paths";

/** Settings of posthog-js. Contains no secrets. */
export type BrowserPosthog = {
  /** The project's public key. */
  token: string;
  /** Our own path that relays to PostHog. */
  host: string;
  uiHost: string;
  groupType: string;
  /** Null if signed in. */
  visitor: string | null;
  /** `properties`: e-mail, name and role after the tag map. */
  admin: { id: string; properties: { [name: string]: string } } | null;
  /** The admin agreed to session recording. */
  replay: boolean;
};

type Library = typeof import("./page-views.client");
let loading: Promise<Library> | undefined;

/** Once, after the page has loaded; pages work without it. */
async function withLibrary(use: (library: Library) => void | Promise<void>): Promise<void> {
  try {
    loading ??= import("./page-views.client");
    await use(await loading);
  } catch {
    loading = undefined;
  }
}

export function Analytics({ settings }: { settings: BrowserPosthog | null }) {
  const { pathname, search } = useLocation();
  const { tenant: param } = useParams();
  const tenant = param === undefined ? null : keyOf(param);
  // A loader returns a new equal object each time.
  const said = settings && JSON.stringify(settings);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each address is a view of its own
  useEffect(() => {
    if (said === null) return;
    if (isSecretPage(pathname)) {
      if (loading) void withLibrary((library) => library.lookAway());
      return;
    }
    void withLibrary((library) => library.see(JSON.parse(said) as BrowserPosthog, tenant));
  }, [said, tenant, pathname, search]);
  return null;
}
