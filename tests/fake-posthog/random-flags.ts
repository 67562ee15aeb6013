import { createHash } from "node:crypto";
import type { FlagGiven } from "./state";

/** A flag with an independent, plain computation of its result. */
export type RandomFlag = {
  given: FlagGiven;
  plainly: (key: string, properties: Tenant["properties"]) => { value: boolean | string; payload: unknown };
};

export type Tenant = { key: string; properties: { plan: string | null; seats: number; name: string; status: string; beta: boolean } };

/** Numbers from 0 to 1, the same on every run (mulberry32). */
function dice(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const plans = ["free", "starter", "premium", "ultimate"];

export function randomTenant(key: string, seed: number): Tenant {
  const random = dice(seed);
  const pick = <T>(of: T[]) => of[Math.floor(random() * of.length)] as T;
  const properties = {
    plan: pick([...plans, null]),
    seats: Math.floor(random() * 100),
    name: pick(["Acme Ltd", "ACME Inc", "Globex", "Initech"]),
    status: pick(["active", "suspended"]),
    beta: random() < 0.5,
  };
  return { key, properties };
}

type Test = { filter: { key: string; operator: string; value: unknown }; holds: (p: Tenant["properties"]) => boolean };

function randomTest(random: () => number): Test {
  const plan = plans[Math.floor(random() * 4)] as string;
  const n = Math.floor(random() * 100);
  const tests: Test[] = [
    {
      filter: { key: "plan", operator: "exact", value: [plan.toUpperCase(), "starter"] },
      holds: (p) => p.plan === plan || p.plan === "starter",
    },
    { filter: { key: "plan", operator: "is_not", value: [plan] }, holds: (p) => p.plan !== plan },
    { filter: { key: "seats", operator: "gt", value: n }, holds: (p) => p.seats > n },
    { filter: { key: "seats", operator: "gte", value: String(n) }, holds: (p) => p.seats >= n },
    { filter: { key: "seats", operator: "lt", value: n }, holds: (p) => p.seats < n },
    { filter: { key: "seats", operator: "lte", value: n }, holds: (p) => p.seats <= n },
    { filter: { key: "name", operator: "icontains", value: "acme" }, holds: (p) => /acme/i.test(p.name) },
    { filter: { key: "name", operator: "not_icontains", value: "CORP" }, holds: () => true },
    { filter: { key: "name", operator: "regex", value: "^[A-G]" }, holds: (p) => /^[A-G]/.test(p.name) },
    { filter: { key: "name", operator: "not_regex", value: "tech$" }, holds: (p) => !p.name.endsWith("tech") },
    { filter: { key: "status", operator: "exact", value: "active" }, holds: (p) => p.status === "active" },
    { filter: { key: "beta", operator: "exact", value: ["true"] }, holds: (p) => p.beta },
    { filter: { key: "plan", operator: "is_set", value: "is_set" }, holds: (p) => p.plan !== null },
    { filter: { key: "plan", operator: "is_not_set", value: "is_not_set" }, holds: (p) => p.plan === null },
    { filter: { key: "plan", operator: "regex", value: "^[a-z]+$" }, holds: (p) => p.plan !== null },
    { filter: { key: "plan", operator: "not_icontains", value: "u" }, holds: (p) => !p.plan?.includes("u") },
    { filter: { key: "has_plan", operator: "exact", value: ["false"] }, holds: (p) => p.plan === null },
  ];
  return tests[Math.floor(random() * tests.length)] as Test;
}

/** The first 60 bits of SHA-1, exact. */
const bits = (text: string) => BigInt(`0x${createHash("sha1").update(text).digest("hex").slice(0, 15)}`);
const all = 2n ** 60n - 1n;
const isWithin = (text: string, percent: number) => bits(text) * 100n <= BigInt(percent) * all;
export const isRolledOut = (flag: string, group: string, percent: number) => isWithin(`${flag}.${group}`, percent);

export function randomFlags(count: number, seed: number): RandomFlag[] {
  const random = dice(seed);
  return Array.from({ length: count }, (_, i) => {
    const key = `flag-${i}-${Math.floor(random() * 1e6)}`;
    const conditions = Array.from({ length: 1 + Math.floor(random() * 2) }, () => ({
      rollout: Math.floor(random() * 101),
      tests: Array.from({ length: Math.floor(random() * 3) }, () => randomTest(random)),
    }));
    const first = Math.floor(random() * 101);
    const variants = random() < 0.4 ? { control: first, test: 100 - first } : null;
    // JSON in a string, or a value; some are falsy, some strings look like JSON.
    const pick = () => [{ limit: i }, `{"limit":${i}}`, `"${key}"`, 0, "0", false, '"12"', '"true"', '""', "[]"][Math.floor(random() * 10)];
    const payloads: Record<string, unknown> = random() < 0.7 ? { true: pick(), control: pick(), test: pick() } : {};
    const given: FlagGiven = {
      key,
      payloads,
      conditions: conditions.map(({ rollout, tests }) => ({ rollout, properties: tests.map(({ filter }) => filter) })),
      variants: variants ? Object.entries(variants).map(([name, rollout_percentage]) => ({ key: name, rollout_percentage })) : undefined,
    };
    const plainly: RandomFlag["plainly"] = (group, properties) => {
      const on = conditions.some(
        ({ rollout, tests }) => tests.every(({ holds }) => holds(properties)) && isWithin(`${key}.${group}`, rollout),
      );
      if (!on) return { value: false, payload: undefined };
      const variant = bits(`${key}.${group}variant`) * 100n < BigInt(first) * 2n ** 60n ? "control" : "test";
      const payload = payloads[variants ? variant : "true"];
      return { value: variants ? variant : true, payload: typeof payload === "string" ? JSON.parse(payload) : payload };
    };
    return { given, plainly };
  });
}
