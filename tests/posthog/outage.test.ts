import { isDeepStrictEqual } from "node:util";
import { expect, type TestContext, test } from "vitest";
import { type Mode, wasTaken } from "../fake-posthog/modes";
import { startFakePosthog } from "../fake-posthog/start";
import { startKilledServer } from "../support/killed-server";
import {
  answerOf,
  features,
  type Knowledge,
  type OutageFeature,
  type OutageTenant,
  startOutageWorld,
  tenants,
  tiedFeatures,
  told,
} from "../support/outage-world";
import { until } from "../support/poll";
import { expectNothingOlderAfterNewer } from "../support/sync-order";

/** Each tenant is checked ten times and changed once. */
const checks = 10 * tenants.length;
const inFlight = 16;
/** After so many answered checks the server is killed. */
const killsAt = [0.3 * checks, 0.6 * checks];

/** `remote`: PostHog is asked for each tenant. `local`: definitions are held, and evaluated here. */
type Way = "remote" | "local";

/** Those that get another plan as well while PostHog is away. */
const isMoved = ({ n }: OutageTenant) => n % 10 === 3;
const before = ({ key, plan }: OutageTenant) => ({ name: `${key} as it was`, plan });
const after = (tenant: OutageTenant) => ({ name: `${tenant.key} as it is`, plan: isMoved(tenant) ? "pro" : tenant.plan });

/** What may be known of a tenant while PostHog is away: definitions are held, last values are kept, and else there is nothing. */
function knownOf(tenant: OutageTenant, way: Way, kills: number): Knowledge[] {
  if (way === "local") return ["fresh"];
  if (!tenant.isKnown) return ["nothing"];
  // The process that heard it may not yet have asked again; one that was started later never heard anything.
  return kills === 0 ? ["fresh", "last"] : ["last"];
}

async function outage([mode, way]: [Mode, Way], { onTestFinished }: TestContext) {
  const fake = await startFakePosthog();
  onTestFinished(() => fake.close());
  const world = await startOutageWorld(fake);
  onTestFinished(() => world.stop());
  const server = await startKilledServer({
    DATABASE_URL: world.url,
    LOG_LEVEL: "error",
    POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
    POSTHOG_HOST: fake.origin,
    POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1",
    // On a busy machine its own evaluation may take longer than a check waits for PostHog.
    ...(way === "local" && { POSTHOG_SECRET_KEY: fake.state.secretKey, POSTHOG_FLAG_TIMEOUT_MS: "60000" }),
  });
  onTestFinished(async () => void (await server.stop()));
  let changes = 0;

  /** What is wrong with the answer, or null. */
  async function check(tenant: OutageTenant, feature: OutageFeature, plan: OutageTenant["plan"], known: Knowledge[]) {
    const { status, text } = await server.ask(world.keys.check, `/api/entitlements?tenant=${tenant.key}&feature=${feature}`);
    const got = status === 200 ? answerOf(text, feature) : text;
    const allowed = known.map((k) => told({ key: tenant.key, plan }, feature, k));
    if (allowed.some((a) => isDeepStrictEqual(a, got))) return null;
    return { tenant, feature, status, got, allowed, kills: server.kills() };
  }
  /** Waits until the answer reflects PostHog's current value, because the first check may have timed out. */
  const becomesFresh = (tenant: OutageTenant) =>
    until(
      async () => ((await check(tenant, "beta", tenant.plan, ["fresh"])) === null ? true : undefined),
      60_000,
      () => `flags of ${tenant.key} are not asked`,
    );
  /** One by the server that may be killed over it, the others by a process of its own beside it. */
  async function change([first, ...others]: OutageTenant[]) {
    const { key } = first as OutageTenant;
    const write = async () => {
      const { status, text } = await server.ask(world.keys.manage, `/api/tenants/${key}`, after(first as OutageTenant));
      // Another process may hold the file for longer than a write waits; the answer asks to try again.
      if (status === 503) return undefined;
      expect([status, text]).toEqual([200, expect.stringContaining(`${key} as it is`)]);
      return true;
    };
    await until(write, 60_000, () => `${key} could not be changed`);
    await world.change(others, after);
    changes += 1 + others.length;
  }
  const held = (key: string) => ({ name: fake.state.group(key)?.name, plan: fake.state.group(key)?.plan });
  const missing = (wanted: typeof after) => tenants.filter((tenant) => !isDeepStrictEqual(held(tenant.key), wanted(tenant)));
  const arrive = (wanted: typeof after) =>
    until(
      async () => missing(wanted).length === 0 || undefined,
      60_000,
      () => `${missing(wanted).length} of ${tenants.length} did not arrive within 60 s`,
    );

  // While PostHog is there, each tenant is synced, and what flags say of half of them is known and kept.
  await arrive(before);
  const known = tenants.filter(({ isKnown }) => isKnown);
  const toMeet = [...known];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let tenant = toMeet.pop(); tenant; tenant = toMeet.pop()) await becomesFresh(tenant);
    }),
  );
  await until(
    async () =>
      ((await world.lastValues()) === known.length * tiedFeatures.length && (way === "remote" || (await world.hasDefinitions()))) ||
      undefined,
    20_000,
    () => "what flags said was not kept",
  );

  fake.state.mode.default = mode;
  await fake.ready();
  const wrong: unknown[] = [];
  const kills: Promise<void>[] = [];
  let asked = 0;
  let answered = 0;
  async function askOn() {
    while (asked < checks) {
      const n = asked++;
      const tenant = tenants[n % tenants.length] as OutageTenant;
      // Each tenant is asked about another feature each time; who is about to get another plan, about what every plan gives.
      const feature = isMoved(tenant) ? "search" : features[(n + Math.floor(n / tenants.length)) % features.length];
      const fault = await check(tenant, feature as OutageFeature, tenant.plan, knownOf(tenant, way, server.kills()));
      if (fault) wrong.push(fault);
      answered += 1;
      if (killsAt.includes(answered)) kills.push(server.kill());
      if (answered % 100 === 0) await change(tenants.slice(answered / 10 - 10, answered / 10));
    }
  }
  await Promise.all(Array.from({ length: inFlight }, askOn));
  await Promise.all(kills);
  expect([wrong.length, wrong.slice(0, 3)]).toEqual([0, []]);
  expect({ answered, changes, kills: kills.length }).toEqual({ answered: checks, changes: tenants.length, kills: 2 });
  // A plan that was given meanwhile counts at once.
  for (const tenant of tenants.filter(isMoved)) expect(await check(tenant, "ai_search", "pro", ["nothing"])).toBeNull();
  if (!wasTaken(mode)) expect(missing(before)).toEqual([]);

  fake.state.mode.default = "ok";
  await fake.ready();
  await arrive(after);
  expectNothingOlderAfterNewer(fake);
  await until(
    async () => (await world.waiting()) === 0 || undefined,
    60_000,
    () => "something still waits",
  );
  // Flags are asked again too: who was unknown is known.
  await becomesFresh(tenants[1] as OutageTenant);
  expect(await server.stop()).toBe(0);
}

// Side by side, since most of the time passes in waiting: for a dead process's lease to end, for the next try.
test.concurrent.for<[Mode, Way]>([
  ["refuse", "remote"],
  ["hang", "remote"],
  ["500", "remote"],
  ["garbage", "remote"],
  ["trickle", "remote"],
  ["hang", "local"],
])(
  `while PostHog does this: %s (flags are %s), ${checks} checks are answered rightly through ${tenants.length} changes and 2 kills; then it gets the newest of all, none older after newer`,
  { timeout: 480_000 },
  outage,
);
