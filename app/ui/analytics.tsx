import { useLocation, useParams } from "@remix-run/react";
import { useEffect } from "react";
import { isSecretPage } from "~/core/request-tags";
import { keyOf } from "~/paths";

/** What posthog-js needs to know. Nothing in it is a secret. */
export type BrowserPosthog = {
  /** The project's public key. */
  token: string;
  /** A path of ours that passes on to PostHog. */
  host: string;
  uiHost: string;
  groupType: string;
  /** Null: somebody is signed in. */
  visitor: string | null;
  /** `properties`: what the tag map leaves of e-mail, name and role. */
  admin: { id: string; properties: { [name: string]: string } } | null;
  /** This admin agreed to be recorded. */
  replay: boolean;
};

type Library = typeof import("./page-views.client");
let loading: Promise<Library> | undefined;

/** Once, after the page stands; a page works as well without it. */
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
  // A loader answers with a new object of the same contents each time.
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
