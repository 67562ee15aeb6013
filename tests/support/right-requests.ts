import { day } from "~/core/time";
import type { Api } from "./api";
import { now } from "./facts";
import { until } from "./poll";
import type { Sent } from "./walk";

let count = 0;
export const fresh = () => `x${++count}`;
export const at = (days: number) => new Date(now + days * day).toISOString();

/** A valid request of each operation, new each time. A new operation needs an entry. */
export const right: { [operation: string]: (api: Api) => Sent | Promise<Sent> } = {
  getEntitlements: () => ({ query: { tenant: "acme", feature: "sso" } }),
  askMany: () => ({ body: { checks: [{ tenant: "acme", feature: "sso" }] } }),
  mintToken: () => ({ params: { key: "acme" }, body: { ttl: 60 } }),
  getPosthogGroups: () => ({ params: { key: "acme" } }),
  listenToChanges: () => ({ query: { tenant: "acme" } }),
  listenForFlags: async (api) => {
    const flags = await (await api.send("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: "acme" } }, api.keys.check)).json();
    return { query: Object.fromEntries(new URL(flags.eventStreams[0].endpoint.requestUri, api.origin).searchParams) };
  },
  evaluateFlag: () => ({ params: { key: "sso" }, body: { context: { targetingKey: "u1", tenant: "acme" } } }),
  evaluateFlags: () => ({ body: { context: { targetingKey: "u1", tenant: "acme" } } }),
  reportUsage: () => ({ body: { events: [{ tenant: "acme", feature: "calls", idempotencyKey: fresh() }] } }),
  consume: () => ({ body: { tenant: "acme", feature: "calls" } }),
  search: () => ({ query: { q: "acme" } }),
  listTenants: () => ({}),
  getTenant: () => ({ params: { key: "acme" } }),
  putTenant: () => ({ params: { key: fresh() }, body: { name: "New" } }),
  listGrants: () => ({ params: { key: "acme" } }),
  listAllGrants: () => ({ query: { state: "live", kind: "trial" } }),
  getTrialReport: () => ({}),
  grant: async (api) => ({ params: { key: await newTenant(api) }, body: { kind: "trial", feature: "sso", days: 7 } }),
  getGrant: async (api) => ({ params: { id: await newGrant(api) } }),
  extendGrant: async (api) => ({ params: { id: await newGrant(api) }, body: { endsAt: at(30) } }),
  endGrant: async (api) => ({ params: { id: await newGrant(api) }, body: { note: "over" } }),
  listPlans: () => ({}),
  getPlan: () => ({ params: { plan: "starter" } }),
  putPlan: () => ({ params: { plan: fresh() }, body: { name: "New" } }),
  deletePlan: async (api) => ({ params: { plan: await newPlan(api) } }),
  archivePlan: async (api) => ({ params: { plan: await newPlan(api) }, body: { why: "old" } }),
  restorePlan: async (api) => ({ params: { plan: await newPlan(api) }, body: {} }),
  listFeatures: () => ({}),
  getFeature: () => ({ params: { feature: "sso" } }),
  putFeature: () => ({ params: { feature: fresh() }, body: { name: "New" } }),
  archiveFeature: async (api) => ({ params: { feature: await newFeature(api) }, body: {} }),
  restoreFeature: async (api) => ({ params: { feature: await newFeature(api) }, body: {} }),
  getGroupSync: () => ({}),
  resync: () => ({ body: { tenants: ["acme"] } }),
  getTenantSync: () => ({ params: { key: "acme" } }),
  resyncTenant: () => ({ params: { key: "acme" } }),
  listFlagTies: () => ({}),
  getMetadataChoice: () => ({}),
  putMetadataChoice: () => ({ body: { keys: ["region"] } }),
  listMetadataKeys: () => ({}),
  getDrift: () => ({}),
  compare: async ({ services: { posthog } }) => {
    // One at a time: the previous one must have ended.
    const isFree = async () => (posthog && (await posthog.drift.isRunning()) ? undefined : true);
    await until(isFree, 20_000, () => "the comparison before does not end");
    return {};
  },
  getTenantUsage: () => ({ params: { key: "acme" } }),
  listUsage: () => ({}),
  listDemand: () => ({}),
  listAudit: () => ({}),
  getAuditEntry: () => ({ params: { seq: "1" } }),
  exportCatalogue: () => ({}),
  importCatalogue: async (api) => ({ text: await (await api.get("/api/catalogue", api.keys.manage)).text() }),
  getDescription: () => ({}),
};

export async function newTenant(api: Api): Promise<string> {
  const key = fresh();
  await api.tenant(key, { plan: "starter" });
  return key;
}
export async function newGrant(api: Api, feature = "sso", tenant?: string): Promise<string> {
  const granted = await api.trial(tenant ?? (await newTenant(api)), feature, now + 7 * day);
  return (granted.ok && granted.change?.grants?.[0]?.id) || "gr_none";
}
async function newPlan(api: Api): Promise<string> {
  const key = fresh();
  await api.send("PUT", `/api/plans/${key}`, {});
  return key;
}
async function newFeature(api: Api): Promise<string> {
  const key = fresh();
  await api.send("PUT", `/api/features/${key}`, {});
  return key;
}
