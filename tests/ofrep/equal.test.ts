import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Entitlement } from "~/core/answer";
import type { Feature, TenantFacts } from "~/core/model";
import { counterStart, type MeteredFeature } from "~/core/usage";
import { type Api, startApi } from "../support/api";
import { bulk, single } from "../support/ofrep-world";
import { world } from "../support/worlds";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

/** What OFREP has to say of an entry of /api/entitlements, written apart from the program's own mapping. */
function expected(e: Entitlement, feature: Feature): unknown {
  if (feature.type === "boolean") return e.entitled;
  if (feature.type === "metered") {
    const { limit } = e as { limit?: number | "unlimited" };
    return !e.entitled ? 0 : limit === "unlimited" ? 2 ** 53 - 1 : limit;
  }
  if (feature.config.kind === "number") return e.entitled ? e.value : 0;
  if (feature.config.kind === "text") return e.entitled ? e.value : "";
  if (!e.entitled) return {};
  const isPlain = typeof e.value === "object" && e.value !== null && !Array.isArray(e.value);
  return isPlain ? e.value : { value: e.value };
}

test("OFREP's answers equal those of /api/entitlements, in any state of tenant, catalogue and usage, one by one and all at once", async () => {
  let run = 1_000_000;
  await fc.assert(
    fc.asyncProperty(world, async (w) => {
      fc.pre(w.tenant !== null);
      const { facts, usage } = api.services;
      const revision = ++run;
      const key = `t${revision}`;
      facts.putCatalogue({ ...w.facts, revision });
      facts.putTenant(key, { ...(w.tenant as TenantFacts), key, revision });
      api.clock.now = w.now;
      await api.get(`/api/entitlements?tenant=${key}`);
      for (const f of w.facts.features.filter((f): f is MeteredFeature => f.type === "metered"))
        usage.took([{ tenant: key, feature: f.key, periodStart: counterStart(f, w.tenant as TenantFacts, w.now), used: w.usage.used }]);
      const { entitlements, revision: told } = (await (await api.get(`/api/entitlements?tenant=${key}`)).json()) as {
        entitlements: Record<string, Entitlement>;
        revision: number;
      };
      const all = (await (await bulk(api, { targetingKey: key })).json()) as {
        flags: { key: string; value: unknown; metadata: object }[];
        metadata: object;
      };
      expect(all.metadata).toMatchObject({ tenant: key, revision: told });
      const features = new Map(w.facts.features.map((f) => [f.key, f]));
      const wanted = Object.entries(entitlements).map(([name, e]) => [name, expected(e, features.get(name) as Feature)]);
      expect(all.flags.map((f) => [f.key, f.value])).toEqual(wanted);
      for (const { key: name, metadata } of all.flags) {
        const e = entitlements[name] as Entitlement & { used?: number; resetsAt?: string | null };
        expect(metadata).toMatchObject({
          ...(e.type === "metered" ? { used: e.used, ...(e.resetsAt ? { resetsAt: e.resetsAt } : {}) } : {}),
          entitled: e.entitled,
          source: e.source ?? "none",
          code: e.reason.code,
          message: e.reason.message,
        });
        const one = (await (await single(api, name, { targetingKey: key })).json()) as { value: unknown };
        expect(one.value).toEqual(expected(e, features.get(name) as Feature));
      }
    }),
    { numRuns: 150 },
  );
});
