import type { ServerBuild } from "@remix-run/node";
import { matchRoutes } from "@remix-run/react";

type RouteObject = Parameters<typeof matchRoutes>[0][number];

export type FormLimits = {
  maxBytes: number;
  /** Fields of a form, or parts of a multipart body. */
  maxFields: number;
};

const kB = 1024;

/** Forms of visitors who are not signed in, and forms with nothing longer than a note. */
const small: FormLimits = { maxBytes: 16 * kB, maxFields: 32 };

/**
 * Limits of every form, by the id of its route; tests/form-limits.test.ts checks that no route is missing. A character outside
 * ASCII takes up to 9 bytes in a form.
 */
export const formLimits: { [routeId: string]: FormLimits } = {
  "routes/sign-in": small,
  "routes/sign-in_.code": small,
  "routes/sign-out": small,
  "routes/setup.$token": small,
  "routes/invite.$token": small,
  "routes/theme": small,
  "routes/welcome": small,
  // The query string of a list, and its columns.
  "routes/tenant-views": { maxBytes: 32 * kB, maxFields: 8 },
  "routes/tenant-columns": { maxBytes: 64 * kB, maxFields: 24 },
  "routes/_app.account": small,
  "routes/_app.account_.second-factor": small,
  "routes/_app.activity.$seq_.undo": small,
  "routes/_app.rails": small,
  "routes/_app.rails_.approvals": small,
  "routes/_app.requests": small,
  "routes/_app.requests_.key": small,
  "routes/_app.people.invite": small,
  "routes/_app.people.$id": small,
  // Up to 20 origins.
  "routes/_app.keys.new": { maxBytes: 32 * kB, maxFields: 32 },
  "routes/_app.keys.$id.revoke": small,
  "routes/_app.keys.$id.rotate": small,
  // An address of 2,000 characters as typed, and the events.
  "routes/_app.webhooks.new": { maxBytes: 32 * kB, maxFields: 40 },
  "routes/_app.webhooks.$id_.edit": { maxBytes: 32 * kB, maxFields: 40 },
  "routes/_app.webhooks.$id": small,
  "routes/_app.webhooks.$id_.rotate": small,
  "routes/_app.webhooks.$id_.deliveries.$seq": small,
  "routes/_app.notices._index": small,
  "routes/_app.notices.rules": small,
  // Metadata of 20,000 characters as typed, and up to 100 add-ons.
  "routes/_app.tenants.new": { maxBytes: 256 * kB, maxFields: 150 },
  "routes/_app.tenants.$tenant_.edit": { maxBytes: 256 * kB, maxFields: 32 },
  "routes/_app.tenants.$tenant_.plan": { maxBytes: 32 * kB, maxFields: 150 },
  "routes/_app.tenants.$tenant_.status": small,
  "routes/_app.tenants.$tenant_.scheduled.$id": small,
  "routes/_app.tenants.$tenant.posthog": small,
  "routes/_app.tenants.$tenant_.grants.$grant.end": small,
  "routes/_app.tenants.$tenant_.grants.$grant.extend": small,
  "routes/_app.tenants.$tenant_.grants.$grant.convert": small,
  // A value of up to 10,000 characters.
  "routes/_app.tenants.$tenant_.override": { maxBytes: 128 * kB, maxFields: 32 },
  // One value per feature of the catalogue.
  "routes/_app.tenants.$tenant_.trial": { maxBytes: 512 * kB, maxFields: 3_000 },
  // Keys of 50 features as typed.
  "routes/_app.trials.presets.new": { maxBytes: 64 * kB, maxFields: 8 },
  "routes/_app.trials.presets._index": small,
  // A description of 10,000 characters, and options of 20,000.
  "routes/_app.features.new": { maxBytes: 384 * kB, maxFields: 50 },
  "routes/_app.features.$feature": { maxBytes: 384 * kB, maxFields: 50 },
  "routes/_app.features.$feature_.edit": { maxBytes: 384 * kB, maxFields: 50 },
  "routes/_app.plans.new": { maxBytes: 128 * kB, maxFields: 32 },
  "routes/_app.plans.$plan": { maxBytes: 128 * kB, maxFields: 32 },
  "routes/_app.plans.$plan_.edit": { maxBytes: 128 * kB, maxFields: 32 },
  // A value, and the one that it replaces.
  "routes/_app.plans.$plan_.features.$feature": { maxBytes: 256 * kB, maxFields: 32 },
  // Up to 1,000 tenant keys.
  "routes/_app.posthog._index": { maxBytes: 512 * kB, maxFields: 1_100 },
  "routes/_app.posthog.drift": small,
  "routes/_app.posthog.metadata": { maxBytes: 128 * kB, maxFields: 1_100 },
  // 5,000 tenant keys.
  "routes/_app.bulk": { maxBytes: 2 * kB * kB, maxFields: 400 },
  "routes/_app.jobs.$id": small,
  // A CSV file of 25 MB.
  "routes/_app.import.tenants._index": { maxBytes: 26 * kB * kB, maxFields: 4 },
  // Two fields for each of 100 columns.
  "routes/_app.import.tenants.$upload": { maxBytes: 256 * kB, maxFields: 220 },
  // A cell with a value of up to 10,000 characters.
  // 500 cells as they are typed or pasted.
  "routes/_app.plans._index": { maxBytes: 512 * kB, maxFields: 8 },
  "routes/_app.drafts.$id": small,
  "routes/impact._index": { maxBytes: 128 * kB, maxFields: 8 },
  "routes/_app.impact.$id": small,
  // A catalogue file of 5 MB, chosen or pasted.
  "routes/_app.import.preview": { maxBytes: 8 * kB * kB, maxFields: 8 },
};

export const maxFormBytes = Math.max(...Object.values(formLimits).map(({ maxBytes }) => maxBytes));

/** Returns the limits of the form at a path; a route without an entry gets the smallest ones. */
export function createFormLimits(build: ServerBuild): (pathname: string) => FormLimits {
  const childrenOf = (parent: string | undefined): RouteObject[] =>
    Object.values(build.routes)
      .filter(({ parentId }) => parentId === parent)
      .map(({ id, path, index }) => (index ? { id, path, index } : { id, path, children: childrenOf(id) }));
  const routes = childrenOf(undefined);
  return (pathname) => {
    const page = pathname === "/_root.data" ? "/" : pathname.replace(/\.data$/, "");
    const leaf = matchRoutes(routes, page)?.at(-1)?.route.id;
    return formLimits[leaf ?? ""] ?? small;
  };
}
