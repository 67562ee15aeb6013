import pino from "pino";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { endGrant, grantTrial } from "~/core/grants/grant-changes";
import type { Actor, Feature, Instant, Plan, TenantFacts } from "~/core/model";
import { changeCatalogue, changeMany } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createGroupSync, type GroupSyncParts } from "~/server/posthog/groups/group-sync.server";
import { type PosthogSettings, readPosthogSettings } from "~/server/posthog/settings.server";
import type { Engine } from "~db/dialect";
import type { FakePosthog } from "../fake-posthog/start";
import { startServices } from "./services";

export const ada: Actor = { kind: "admin", id: "ad_1", name: "Ada" };

export function settingsFor(fake: Pick<FakePosthog, "origin">, more: Record<string, string> = {}): PosthogSettings {
  const { settings, problems } = readPosthogSettings({ POSTHOG_PROJECT_API_KEY: "phc_fake", POSTHOG_HOST: fake.origin, ...more });
  if (!settings) throw new Error(problems.join());
  return settings;
}

/** A store and a sync runner driven by the test: `settle` does everything due at the clock's instant. */
export async function startSync(engine: Engine, fake: FakePosthog, more: Partial<GroupSyncParts> & { url?: string } = {}) {
  const { url, ...parts } = more;
  const services = await startServices(engine, { url });
  const { db, clock, newId } = services;
  const log = pino({ level: "silent" });
  const sync = createGroupSync({
    db,
    settings: settingsFor(fake),
    holder: newId("proc"),
    now: () => clock.now,
    elapsed: () => clock.now,
    newId,
    log,
    requestTimeout: 250,
    ...parts,
  });
  await sync.prepare();

  return {
    ...services,
    services,
    sync,
    async settle() {
      while (await sync.step());
    },
    /** Advances second by second until `is` is true; returns the seconds. */
    async passUntil(is: () => boolean, most: number) {
      for (let s = 0; ; s++) {
        while (await sync.step());
        if (is()) return s;
        if (s >= most) throw new Error(`not within ${most} s`);
        clock.now += 1_000;
      }
    },
    async stop() {
      await sync.stop();
      await services.stop();
    },
    catalogue: (features: Feature[], plans: Plan[]) =>
      changeCatalogue(services, ada, (_facts, stamp) => ({
        ok: true,
        change: catalogueChange("catalogue.imported", { features, plans }, stamp, null),
      })),
    tenant: (key: string, form: TenantForm) => changeTenant(services, key, ada, (f, c, stamp) => putTenant(f, key, form, c, stamp)),
    /** Many tenants in one transaction. */
    tenants: (keys: string[], form: (key: string) => TenantForm) =>
      changeMany(services, ada, keys, (_catalogue, tenants, stamp) => ({
        ok: true,
        change: {
          catalogue: null,
          tenants: keys.flatMap((key) => {
            const before = tenants.get(key) ?? null;
            const made = putTenant(before, key, form(key), services.facts.catalogue(), stamp);
            return made.ok && made.change ? [{ before, change: made.change }] : [];
          }),
        },
      })),
    trial: (key: string, feature: string, times: { startsAt?: Instant; endsAt: Instant }) =>
      changeTenant(services, key, ada, (f, c, stamp) => grantTrial(f as TenantFacts, { features: [{ feature }], ...times }, c, stamp)),
    end: (key: string, grant: string) => changeTenant(services, key, ada, (f, _c, stamp) => endGrant(f as TenantFacts, { grant }, stamp)),
  };
}
export type SyncWorld = Awaited<ReturnType<typeof startSync>>;
