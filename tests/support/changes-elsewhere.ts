import { endGrant } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { recordUsage } from "~/server/usage/usage.server";
import { type Api, ada } from "./api";
import { feature, meteredFeature, plan } from "./facts";
import { importText } from "./import-text";

type Answer = { status: number; isStale?: boolean; entitled?: boolean };
/** A change that was committed, and what every node has to answer from then on. */
type Made = { question: (node: Pick<Api, "get" | "send">) => Promise<Answer>; answer: Answer };
type Make = (a: Api, round: number) => Promise<Made>;

const yes: Answer = { status: 200, isStale: false, entitled: true };
const no: Answer = { status: 200, isStale: false, entitled: false };

function check(key: string, tenant = "acme", of = "sso") {
  return async (node: Pick<Api, "get">): Promise<Answer> => {
    const answer = await node.get(`/api/entitlements?tenant=${tenant}&feature=${of}`, key);
    if (answer.status !== 200) return { status: answer.status };
    const { isStale, entitlements } = await answer.json();
    return { status: 200, isStale, entitled: entitlements[of].entitled };
  };
}

const features = [feature("sso"), feature("sms"), meteredFeature("calls")];
const plans = (sms: boolean) => [plan("pro", sms ? { sso: true, sms: true } : { sso: true }), plan("free"), plan("calls", { calls: 5 })];
const isEven = (round: number) => round % 2 === 0;
let key = { id: "", key: "" };

const kinds: Record<string, Make> = {
  "a tenant is suspended, or active again": async (a, round) => {
    await a.tenant("acme", { status: isEven(round) ? "suspended" : "active" });
    return { question: check(a.keys.check), answer: isEven(round) ? no : yes };
  },
  "a tenant gets another plan": async (a, round) => {
    await a.tenant("acme", { plan: isEven(round) ? "free" : "pro" });
    return { question: check(a.keys.check), answer: isEven(round) ? no : yes };
  },
  "a trial is granted, or ended": async (a, round) => {
    if (isEven(round)) await a.trial("acme", "sms", a.services.now() + day);
    else {
      const grant = (await a.facts.tenant("acme")).facts?.grants.at(-1)?.id ?? "";
      await changeTenant(a.services, "acme", ada, (facts, _c, stamp) => endGrant(facts as TenantFacts, { grant }, stamp));
    }
    return { question: check(a.keys.check, "acme", "sms"), answer: isEven(round) ? yes : no };
  },
  "a plan gains or loses a feature": async (a, round) => {
    await a.catalogue(features, plans(isEven(round)));
    return { question: check(a.keys.check, "acme", "sms"), answer: isEven(round) ? yes : no };
  },
  "a catalogue is imported": async (a, round) => {
    const pro = isEven(round) ? { sso: true, sms: true } : { sso: true };
    await importText(
      a.services,
      JSON.stringify({ latchkey: 1, features: { sso: {}, sms: {} }, plans: { pro: { rank: 10, features: pro } } }),
    );
    return { question: check(a.keys.check, "acme", "sms"), answer: isEven(round) ? yes : no };
  },
  "a tenant is created": async (a, round) => {
    await a.tenant(`new-${round}`, { plan: "pro" });
    return { question: check(a.keys.check, `new-${round}`), answer: yes };
  },
  "an API key is created": async (a, round) => {
    const made = await createKey(a.services, ada, { name: `k${round}`, scopes: ["check"], expiresAt: null });
    return { question: check(made.key), answer: yes };
  },
  "an API key is revoked": async (a, round) => {
    if (isEven(round)) {
      key = await createKey(a.services, ada, { name: `k${round}`, scopes: ["check"], expiresAt: null });
      return { question: check(key.key), answer: yes };
    }
    await revokeKey(a.services, ada, key.id);
    return { question: check(key.key), answer: { status: 401 } };
  },
  "a key that was revoked wants to write": async (a, round) => {
    const made = await createKey(a.services, ada, { name: `w${round}`, scopes: ["manage"], expiresAt: null });
    await revokeKey(a.services, ada, made.id);
    const question = async (node: Pick<Api, "send">) => ({
      status: (await node.send("PUT", "/api/tenants/acme", { plan: "pro" }, made.key)).status,
    });
    return { question, answer: { status: 401 } };
  },
  "a limit is used up": async (a, round) => {
    const tenant = `counted-${round}`;
    await a.tenant(tenant, { plan: "calls" });
    await recordUsage(a.services, [{ tenant, feature: "calls", action: "add", quantity: 5, idempotencyKey: tenant }]);
    return { question: check(a.keys.check, tenant, "calls"), answer: no };
  },
};

/** Changes of each kind that one node makes and another one has to notice. Called with rounds from 0 in turn. */
export const changesElsewhere = {
  kinds: Object.keys(kinds),
  async prepare(a: Api): Promise<void> {
    await a.catalogue(features, plans(false));
    await a.tenant("acme", { plan: "pro" });
  },
  /** Has everything in memory that the changes are about. */
  async warm(b: Api): Promise<void> {
    await check(b.keys.check)(b);
  },
  make: (kind: string, a: Api, round: number): Promise<Made> => (kinds[kind] as Make)(a, round),
};
