import { putTenant, type TenantForm } from "~/core/decision/changes";
import { changeMany } from "~/server/changes/catalogue-change.server";
import { createKey } from "~/server/keys/api-keys.server";
import { isRolledOut } from "../fake-posthog/random-flags";
import type { FakePosthog } from "../fake-posthog/start";
import { ada } from "./facts";
import { importText } from "./import-text";
import { isLong } from "./scale";
import { freshDatabaseUrl, startServices } from "./services";

/** Half of them are requested before the outage. */
export type OutageTenant = { n: number; key: string; plan: "basic" | "pro"; isKnown: boolean };

export const tenants = Array.from(
  { length: isLong ? 1_000 : 200 },
  (_, n): OutageTenant => ({
    n,
    key: `t${n}`,
    plan: n % 5 === 0 ? "pro" : "basic",
    isKnown: n % 2 === 0,
  }),
);

/** Each link reacts differently to a flag while PostHog is down. */
const ties = {
  ai_search: { rule: "grant", whenUnknown: "last", percent: 50 },
  exports: { rule: "gate", whenUnknown: "last", percent: 50 },
  api_calls: { rule: "grant", whenUnknown: "last", percent: 50 },
  beta: { rule: "grant", whenUnknown: "on", percent: 0 },
  legacy: { rule: "gate", whenUnknown: "off", percent: 100 },
} as const;
export type TiedFeature = keyof typeof ties;
export const tiedFeatures = Object.keys(ties) as TiedFeature[];
export const features = ["search", ...tiedFeatures] as const;
export type OutageFeature = (typeof features)[number];

/** By flag and tenant; computing it takes longer than the check it is compared with. */
const verdicts = new Map<string, "on" | "off">();
function verdict(flag: TiedFeature, tenant: string): "on" | "off" {
  const id = `${flag} ${tenant}`;
  const said = verdicts.get(id) ?? (isRolledOut(flag, tenant, ties[flag].percent) ? "on" : "off");
  verdicts.set(id, said);
  return said;
}

const catalogue = JSON.stringify({
  latchkey: 1,
  features: {
    search: {},
    ...Object.fromEntries(
      Object.entries(ties).map(([key, { rule, whenUnknown }]) => [
        key,
        { flag: { key, rule, whenUnknown }, ...(key === "api_calls" && { meter: { resetPeriod: "month", soft: false } }) },
      ]),
    ),
  },
  plans: {
    basic: { rank: 10, features: { search: true, exports: true, legacy: true, api_calls: 100 } },
    pro: { rank: 20, includes: "basic", features: { ai_search: true } },
  },
  tenants: Object.fromEntries(tenants.map(({ key, plan }) => [key, { name: `${key} as it was`, plan }])),
});

/** A database with all of it, open beside servers that are killed. */
export async function startOutageWorld(fake: FakePosthog) {
  for (const [key, { percent }] of Object.entries(ties)) fake.state.setFlag({ key, rollout: percent, payloads: { true: 5_000 } });
  const { url, remove } = await freshDatabaseUrl("sqlite");
  const services = await startServices("sqlite", { url });
  await importText(services, catalogue);
  const keyFor = async (scope: "check" | "manage") =>
    (await createKey(services, ada, { name: scope, scopes: [scope], expiresAt: null })).key;
  const { db } = services;
  return {
    url,
    keys: { check: await keyFor("check"), manage: await keyFor("manage") },
    lastValues: async () => (await db.read.select().from(db.tables.flagValues)).length,
    waiting: async () => (await db.read.select().from(db.tables.outbox)).length,
    hasDefinitions: async () => (await db.read.select().from(db.tables.settings)).some((row) => row.key.includes("flag_definitions")),
    /** In one transaction. */
    change: (some: OutageTenant[], form: (tenant: OutageTenant) => TenantForm) =>
      changeMany(
        services,
        ada,
        some.map(({ key }) => key),
        (_catalogue, before, stamp) => ({
          ok: true,
          change: {
            catalogue: null,
            tenants: some.flatMap((tenant) => {
              const facts = before.get(tenant.key) ?? null;
              const put = putTenant(facts, tenant.key, form(tenant), services.facts.catalogue(), stamp);
              return put.ok && put.change ? [{ before: facts, change: put.change }] : [];
            }),
          },
        }),
      ),
    async stop() {
      await services.stop();
      remove();
    },
  };
}

/** The parts of a check that depend on PostHog. */
export type Seen = { entitled: boolean; reason: string; limit?: number; flag?: string; isStale?: true };

/** What is known of a flag: a recent value, an old value, or nothing. */
export type Knowledge = "fresh" | "last" | "nothing";

/** The expected answer, computed independently. */
export function told(tenant: Pick<OutageTenant, "key" | "plan">, feature: OutageFeature, known: Knowledge): Seen {
  if (feature === "search") return { entitled: true, reason: "plan" };
  const { rule, whenUnknown } = ties[feature];
  if (feature === "ai_search" && tenant.plan === "pro") return { entitled: true, reason: "plan", flag: "not_asked" };
  const said = verdict(feature, tenant.key);
  const away =
    whenUnknown !== "last" ? { flag: whenUnknown } : known === "last" ? { flag: said, isStale: true as const } : { flag: "unknown" };
  const flag = known === "fresh" ? { flag: said } : away;
  const amount = feature === "api_calls" ? { limit: flag.flag === "on" ? 5_000 : 100 } : {};
  if (rule === "gate") {
    return flag.flag === "off" ? { entitled: false, reason: "flag_off", ...flag } : { entitled: true, reason: "plan", ...flag };
  }
  if (flag.flag === "on") return { entitled: true, reason: "flag_on", ...amount, ...flag };
  return feature === "api_calls"
    ? { entitled: true, reason: "plan", ...amount, ...flag }
    : { entitled: false, reason: "not_in_plan", ...flag };
}

type OnWire = {
  entitled: boolean;
  reason: { code: string };
  limit?: number;
  sources: { source: string; state?: string; isStale?: true }[];
};

export function answerOf(text: string, feature: string): Seen {
  const { entitled, reason, limit, sources } = (JSON.parse(text) as { entitlements: Record<string, OnWire> }).entitlements[
    feature
  ] as OnWire;
  const flag = sources.find(({ source }) => source === "flag");
  return {
    entitled,
    reason: reason.code,
    ...(limit === undefined ? {} : { limit }),
    ...(flag?.state === undefined ? {} : { flag: flag.state }),
    ...(flag?.isStale ? { isStale: true } : {}),
  };
}
