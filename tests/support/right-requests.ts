import type { TenantFacts } from "~/core/model";
import { scheduleChange } from "~/core/schedules/schedule-changes";
import { day } from "~/core/time";
import { createImpact } from "~/server/catalogue/impacts.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { type Api, ada } from "./api";
import { queueBulk } from "./bulk-world";
import { now } from "./facts";
import type { Sent } from "./walk";

let count = 0;
export const fresh = () => `x${++count}`;
export const at = (days: number) => new Date(now + days * day).toISOString();

/** A valid request of each operation, new each time, for the API key that will send it. A new operation needs an entry. */
export const right: { [operation: string]: (api: Api, key?: string) => Sent | Promise<Sent> } = {
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
  listScheduled: () => ({ params: { key: "acme" } }),
  scheduleChange: async (api) => ({ params: { key: await newTenant(api) }, body: { at: at(30), status: "suspended" } }),
  moveScheduled: async (api) => ({ params: await newScheduled(api), body: { at: at(60) } }),
  cancelScheduled: async (api) => ({ params: await newScheduled(api) }),
  listGrants: () => ({ params: { key: "acme" } }),
  listAllGrants: () => ({ query: { state: "live", kind: "trial" } }),
  getTrialReport: () => ({}),
  grant: async (api) => ({ params: { key: await newTenant(api) }, body: { kind: "trial", feature: "sso", days: 7 } }),
  getGrant: async (api) => ({ params: { id: await newGrant(api) } }),
  extendGrant: async (api) => ({ params: { id: await newGrant(api) }, body: { endsAt: at(30) } }),
  endGrant: async (api) => ({ params: { id: await newGrant(api) }, body: { note: "over" } }),
  convertGrant: async (api) => ({ params: { id: await newGrant(api) }, body: { plan: await planWith(api, "sso") } }),
  grantBundle: async (api) => ({ params: { key: await newTenant(api, null) }, body: { plan: await planWith(api, "sso"), days: 14 } }),
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
  compare: async ({ services }) => {
    // One at a time: the previous one must have ended.
    await services.jobs.runAll();
    return {};
  },
  getTenantUsage: () => ({ params: { key: "acme" } }),
  listUsage: () => ({}),
  listDemand: () => ({}),
  listAudit: () => ({ query: { search: "starter", feature: "sso", after: at(-30), signIns: "0" } }),
  compareTenants: async (api) => ({
    search: [
      ["tenant", "acme"],
      ["tenant", await newTenant(api)],
    ],
  }),
  getAuditEntry: () => ({ params: { seq: "1" } }),
  undo: async (api) => ({ params: { seq: await newEntry(api) }, body: { note: "By mistake" } }),
  exportCatalogue: () => ({}),
  importCatalogue: async (api) => ({ text: await (await api.get("/api/catalogue", api.keys.manage)).text() }),
  startBulk: async (api) => {
    // A person has a few jobs at a time.
    await api.services.jobs.runAll();
    return { body: { act: "suspend", tenants: { keys: [fresh()] }, dryRun: true } };
  },
  importTenants: async (api) => {
    await api.services.jobs.runAll();
    return { text: `key,name\n${fresh()},New\n`, type: "text/csv", query: { dryRun: "1" } };
  },
  startImpact: async (api) => {
    await api.services.jobs.runAll();
    return { body: { cells: [{ plan: "starter", feature: "sso", value: null }] } };
  },
  getImpact: async (api) => ({ params: { id: await newImpact(api) } }),
  listImpactTenants: async (api) => ({ params: { id: await newImpact(api) }, query: { effect: "loses" } }),
  listJobs: () => ({}),
  getJob: async (api) => ({ params: { id: await newJob(api) } }),
  listJobItems: async (api) => ({ params: { id: await newJob(api) }, query: { state: "skipped" } }),
  cancelJob: async (api) => ({ params: { id: await newJob(api) } }),
  getRequest: async (api) => ({ params: { id: await newRequest(api) } }),
  listRequests: () => ({ query: { state: "waiting" } }),
  createRequest: async (api) => ({ body: { tenant: await newTenant(api), feature: "sso", user: "dana", note: "Please" } }),
  withdrawRequest: async (api, key) => ({ params: { id: await newRequest(api, key) } }),
  getDescription: () => ({}),
};

async function newImpact(api: Api): Promise<string> {
  await api.services.jobs.runAll();
  const source = { kind: "cells" as const, cells: [{ plan: "starter", feature: "sso", value: null }] };
  const made = await createImpact(api.services, ada, { title: fresh(), source });
  return made.ok ? made.job.id : "imp_none";
}
/** Created with the key that will withdraw it, because no other key may. */
async function newRequest(api: Api, key = api.keys.check): Promise<string> {
  const asked = await api.send("POST", "/api/requests", { tenant: await newTenant(api), feature: "sso" }, key);
  return ((await asked.json()) as { id: string }).id;
}
async function newJob(api: Api): Promise<string> {
  await api.services.jobs.runAll();
  return (await queueBulk(api.services, { act: "suspend" }, { kind: "keys", keys: [fresh()] })).id;
}
export async function newTenant(api: Api, plan: string | null = "starter"): Promise<string> {
  const key = fresh();
  await api.tenant(key, { plan });
  return key;
}
export async function newScheduled(api: Api, tenant?: string): Promise<{ key: string; id: string }> {
  const key = tenant ?? (await newTenant(api));
  const made = await changeTenant(api.services, key, ada, (facts, catalogue, stamp) =>
    scheduleChange(facts as TenantFacts, { at: now + 30 * day, status: "suspended" }, catalogue, stamp),
  );
  return { key, id: (made.ok && made.facts?.scheduled?.at(-1)?.id) || "sc_none" };
}
/** The entry of a new tenant. */
async function newEntry(api: Api): Promise<string> {
  const subject = await newTenant(api);
  const { items } = await (await api.get(`/api/audit?subject=${subject}&subjectKind=tenant`, api.keys.manage)).json();
  return String(items[0].seq);
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
async function planWith(api: Api, feature: string): Promise<string> {
  const key = fresh();
  await api.send("PUT", `/api/plans/${key}`, { features: { [feature]: true } });
  return key;
}
async function newFeature(api: Api): Promise<string> {
  const key = fresh();
  await api.send("PUT", `/api/features/${key}`, {});
  return key;
}
