import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Entitlement } from "~/core/decision/answer";
import { applyImport, readCatalogueFile } from "~/server/catalogue/import.server";
import tiers from "../fixtures/gitlab-tiers.json";
import { type Api, ada, startApi } from "../support/api";

let api: Api;
beforeAll(async () => {
  api = await startApi();
  const read = readCatalogueFile("gitlab.yaml", readFileSync("db/catalogues/gitlab.yaml", "utf8"));
  if (!read.ok) throw new Error(JSON.stringify(read));
  expect(await applyImport(api.services, read, ada)).toMatchObject({ ok: true, changed: true });
  for (const { plan, addOn } of holders) await api.tenant(nameOf(plan, addOn), { plan, addOns: addOn ? [addOn] : [] });
});
afterAll(() => api.stop());

const plans = ["free", "starter", "premium", "ultimate"];
const features = tiers.plans.flatMap((tier) => tier.adds);
const addOns = [null, ...tiers.add_ons.map((a) => a.key)];
const holders = addOns.flatMap((addOn) => plans.map((plan) => ({ plan, addOn })));
const nameOf = (plan: string, addOn: string | null) => [plan, addOn].filter(Boolean).join(" with ");

/** Straight from the facts: what a tier adds, and all that the tiers below it add. */
const tierHas = (plan: string) => new Set(tiers.plans.slice(0, plans.indexOf(plan) + 1).flatMap((tier) => tier.adds));
const addOnHas = (addOn: string | null) => new Set(tiers.add_ons.find((a) => a.key === addOn)?.adds);
const soldIn = (feature: string) => [...plans, ...addOns].filter((key) => key && (tierHas(key).has(feature) || addOnHas(key).has(feature)));

/** What has to be answered, as one line. */
function expected(plan: string, addOn: string | null, feature: string): string {
  if (tierHas(plan).has(feature)) return `yes plan ${plan}`;
  if (addOnHas(addOn).has(feature)) return `yes add_on ${addOn}`;
  return `no not_in_plan, in ${soldIn(feature)}`;
}

function said({ entitled, reason, sources, availableIn }: Entitlement): string {
  if (!entitled) return `no ${reason.code}, in ${availableIn}`;
  const winner = sources.find((s) => s.wins) as { plan?: string } | undefined;
  return `yes ${reason.code} ${winner?.plan}`;
}

async function ask(tenant: string, feature?: string): Promise<{ [feature: string]: Entitlement }> {
  const query = new URLSearchParams({ tenant, ...(feature ? { feature } : {}) });
  const response = await api.get(`/api/entitlements?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()).entitlements;
}

/** Whatever the API says of this tenant that the facts do not. */
function wrongOf(plan: string, addOn: string | null, answers: Map<string, Entitlement>): string[] {
  const lines = features.map((f) => [f, answers.get(f), expected(plan, addOn, f)] as const);
  return lines.flatMap(([f, answer, right]) => (answer && said(answer) === right ? [] : [`${f}: ${answer && said(answer)}, not ${right}`]));
}

const variants = addOns.map((addOn) => ({ addOn, named: addOn ? `the add-on ${addOn}` : "no add-on" }));

describe.each(variants)("the API's answers about GitLab's catalogue with $named", ({ addOn }) => {
  test("are what GitLab's own list says, one feature asked at a time: 988 answers, 0 wrong", async () => {
    const wrong: string[] = [];
    let answers = 0;
    for (const plan of plans) {
      const tenant = nameOf(plan, addOn);
      const got = new Map<string, Entitlement>();
      await Promise.all(
        features.map(async (feature) => {
          const entitlements = await ask(tenant, feature);
          expect(Object.keys(entitlements)).toEqual([feature]);
          got.set(feature, entitlements[feature] as Entitlement);
        }),
      );
      answers += got.size;
      wrong.push(...wrongOf(plan, addOn, got));
    }
    expect({ answers, wrong }).toEqual({ answers: 988, wrong: [] });
  });

  test("are the same asked all at once, of exactly GitLab's 247 features", async () => {
    for (const plan of plans) {
      const entitlements = await ask(nameOf(plan, addOn));
      expect(Object.keys(entitlements)).toEqual([...features].sort());
      expect(wrongOf(plan, addOn, new Map(Object.entries(entitlements)))).toEqual([]);
    }
  });
});
