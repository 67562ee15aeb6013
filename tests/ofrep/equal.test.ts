import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Entitlement } from "~/core/decision/answer";
import { counterAt } from "~/core/decision/counters";
import type { MeteredFeature } from "~/core/decision/usage";
import type { Feature, TenantFacts } from "~/core/model";
import { type FlagState, noFlags } from "~/server/posthog/flags/flag-readings";
import { type Api, startApi } from "../support/api";
import { bulk, single } from "../support/ofrep-world";
import { world } from "../support/worlds";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => {
  vi.restoreAllMocks();
  return api.stop();
});

/** What OFREP has to say of an entry of /api/entitlements, written apart from the program's own mapping. */
function expected(e: Entitlement, feature: Feature): unknown {
  if (feature.type === "boolean") return e.entitled;
  if (feature.type === "metered") {
    const { limit } = e as { limit?: number | "unlimited" };
    return !e.entitled ? 0 : limit === "unlimited" ? 2 ** 53 - 1 : limit;
  }
  if (!e.entitled) return undefined;
  if (feature.config.kind !== "json") return e.value;
  const isPlain = typeof e.value === "object" && e.value !== null && !Array.isArray(e.value);
  return isPlain ? e.value : { value: e.value };
}

type Flag = { key: string; value: unknown; metadata: object };
type Seen = Entitlement & { limit?: unknown; used?: number; remaining?: unknown; resetsAt?: string | null };

/** What the metadata has to say of the same. */
function expectedMetadata({ type, entitled, source, reason, expiresAt, isStale, ...e }: Seen) {
  const amounts = { limit: e.limit, used: e.used, remaining: e.remaining, resetsAt: e.resetsAt ?? undefined };
  const numbers = Object.entries(amounts).filter(([, value]) => value !== undefined && value !== "unlimited");
  return {
    entitled,
    source: source ?? "none",
    code: reason.code,
    message: reason.message,
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(isStale ? { isStale } : {}),
    ...(type === "metered" ? Object.fromEntries(numbers) : {}),
  };
}

test("OFREP's answers equal those of /api/entitlements, in any state of tenant, catalogue, usage and flags, with a user and without, one by one and all at once", async () => {
  let run = 1_000_000;
  let archived = 0;
  let personal = 0;
  await fc.assert(
    fc.asyncProperty(world, world, async (w, { flag: flagOfUser }) => {
      fc.pre(w.tenant !== null);
      const { facts, usage } = api.services;
      const revision = ++run;
      const key = `t${revision}`;
      // What PostHog said of the tenant, and of the user.
      const states = [w.flag, flagOfUser].map((reading): FlagState => {
        const tied = w.facts.features.flatMap((f) => (f.flag ? [f.flag.key] : []));
        return { readings: new Map(reading ? tied.map((flag) => [flag, reading]) : []) };
      }) as [FlagState, FlagState];
      const stateOf = ((_tenant: unknown, user?: string) => states[user === undefined ? 0 : 1]) as () => FlagState;
      vi.spyOn(noFlags, "of").mockImplementation(stateOf);
      vi.spyOn(noFlags, "peek").mockImplementation(stateOf);
      facts.putCatalogue({ ...w.facts, revision });
      facts.putTenant(key, { ...(w.tenant as TenantFacts), key, revision });
      api.clock.now = w.now;
      await api.get(`/api/entitlements?tenant=${key}`);
      for (const f of w.facts.features.filter((f): f is MeteredFeature => f.type === "metered"))
        usage.took([
          { tenant: key, ...counterAt(f, w.tenant as TenantFacts, w.now), sum: BigInt(w.usage.used ?? 0), setAt: null, version: 1 },
        ]);
      const features = new Map(w.facts.features.map((f) => [f.key, f]));
      const answers: unknown[] = [];
      for (const user of [undefined, "u1"]) {
        const context = user === undefined ? { targetingKey: key } : { targetingKey: user, tenant: key };
        const ask = async (query: string) => {
          const response = await api.get(`/api/entitlements?tenant=${key}${user === undefined ? "" : `&user=${user}`}${query}`);
          return (await response.json()) as { entitlements: Record<string, Seen>; revision: number };
        };
        const { entitlements, revision: told } = await ask("");
        const all = (await (await bulk(api, context)).json()) as { flags: Flag[]; metadata: object };
        expect(all.metadata).toMatchObject({ tenant: key, revision: told });
        const wanted = Object.entries(entitlements).map(([name, e]) => [name, expected(e, features.get(name) as Feature)]);
        expect(all.flags.map((f) => [f.key, f.value])).toEqual(wanted);
        for (const { key: name, metadata } of all.flags) expect(metadata).toMatchObject(expectedMetadata(entitlements[name] as Seen));
        // By name also what lists leave out, since it is archived.
        const named = (await ask([...features.keys()].map((name) => `&feature=${name}`).join(""))).entitlements;
        for (const [name, feature] of features) {
          const one = (await (await single(api, name, context)).json()) as Flag;
          expect(one.value).toEqual(expected(named[name] as Seen, feature));
          expect(one.metadata).toMatchObject(expectedMetadata(named[name] as Seen));
          if (feature.archivedAt !== null) archived += 1;
        }
        answers.push(named);
      }
      if (JSON.stringify(answers[0]) !== JSON.stringify(answers[1])) personal += 1;
    }),
    { numRuns: 150 },
  );
  // Some of it was met.
  expect([archived > 0, personal > 0]).toEqual([true, true]);
});
