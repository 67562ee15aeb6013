import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { flagRules, whenUnknownChoices } from "~/core/model";
import { day, hour } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { answerThen } from "~/server/checks/point-in-time.server";
import { readEnv } from "~/server/env.server";
import { createServices, startJobs, stopServices } from "~/server/process/start.server";
import type { Services } from "~/server/services.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { ada, configFeature, feature, flagTie, now, plan } from "../support/facts";
import { until } from "../support/poll";
import { freshDatabaseUrl } from "../support/services";

const ties = flagRules.flatMap((rule) => whenUnknownChoices.map((whenUnknown) => ({ rule, whenUnknown })));
const features = [
  ...ties.map(({ rule, whenUnknown }) => feature(`${rule}-${whenUnknown}`, { flag: flagTie(rule, { key: "on-off", whenUnknown }) })),
  configFeature("theme", { kind: "text", options: [] }, { flag: flagTie("grant", { key: "look" }) }),
];
const plans = [plan("basic", Object.fromEntries(ties.slice(0, 6).map(({ rule, whenUnknown }) => [`${rule}-${whenUnknown}`, true])))];

type Step = "on" | "off" | "dark" | "light" | "away" | "back" | "restart" | "without PostHog" | "with PostHog" | "untied" | "tied" | "wait";
const step = fc.tuple(
  fc.constantFrom<Step>(
    "on",
    "off",
    "on",
    "off",
    "dark",
    "light",
    "away",
    "back",
    "restart",
    "without PostHog",
    "with PostHog",
    "untied",
    "tied",
    "wait",
  ),
  fc.constantFrom(2_000, hour, 11 * hour, day, 2 * day),
);

/** Whatever chance brings besides: on, off, and unknown with either as the last that was known. */
const everyState: [Step, number][] = [
  ["on", 2_000],
  ["away", 2_000],
  ["wait", 2 * day],
  ["back", 2_000],
  ["off", 2_000],
  ["away", 2_000],
  ["wait", 2 * day],
];

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

test.each([
  ["sqlite", 25],
  ["postgres", 8],
] as const)(
  "on %s, the past is answered with flags as checks knew them then, whatever PostHog says by now (%i)",
  async (engine, numRuns) => {
    const fake: FakePosthog = await startFakePosthog();
    stops.push(() => fake.close());
    const { url, remove } = await freshDatabaseUrl(engine);
    stops.push(remove);
    // Every read of the clock is a different instant, so that no two events share one.
    let clock = now;
    const tick = () => ++clock;
    let services: Services;
    async function start(withPosthog: boolean): Promise<void> {
      const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1" };
      const env = readEnv({ DATABASE_URL: url, LOG_LEVEL: "silent", NODE_ENV: "test", ...(withPosthog ? posthog : {}) });
      services = await createServices(env, { now: tick });
      await startJobs(services);
    }
    await start(true);
    stops.push(() => stopServices(services));
    const catalogue = (isLinked: boolean) =>
      changeCatalogue(services, ada, (_facts, stamp) => {
        const change = { features: isLinked ? features : features.map((f) => ({ ...f, flag: null })), plans };
        return { ok: true, change: catalogueChange("catalogue.imported", change, stamp, null) };
      });

    let runs = 0;
    let asked = 0;
    const states = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), async (steps) => {
        const tenant = `t${runs++}`;
        fake.state.mode.default = "ok";
        fake.state.setFlag({ key: "on-off" });
        fake.state.setFlag({ key: "look", active: false });
        await catalogue(true);
        await changeTenant(services, tenant, ada, (facts, c, stamp) => putTenant(facts, tenant, { plan: "basic" }, c, stamp));
        const told: { at: number; body: unknown }[] = [];
        async function ask(): Promise<void> {
          await services.facts.look();
          const made = await services.checks.ask({ question: `${++asked}`, tenant, features: null });
          told.push({ at: made.madeAt, body: JSON.parse(made.body) });
          states.add(JSON.stringify([...made.context.flags.readings.values()].map((r) => [r.state, r.last?.state])));
          const isSettled = async () => !services.posthog?.flags.status(tenant)?.isAsking || undefined;
          await until(isSettled, 10_000, () => "PostHog is still being asked");
        }
        await ask();
        for (const [what, wait] of steps) {
          if (what === "on" || what === "off") fake.state.setFlag({ key: "on-off", active: what === "on" });
          if (what === "dark" || what === "light") fake.state.setFlag({ key: "look", variants: [{ key: what, rollout_percentage: 100 }] });
          if (what === "away" || what === "back") fake.state.mode.default = what === "away" ? "500" : "ok";
          if (what === "tied" || what === "untied") await catalogue(what === "tied");
          if (what === "restart" || what === "with PostHog" || what === "without PostHog") {
            await stopServices(services);
            await start(what === "restart" ? services.posthog !== null : what === "with PostHog");
          }
          clock += wait;
          await ask();
          await ask();
        }
        for (const { at, body } of told) {
          const past = await answerThen(services, tenant, null, at);
          expect(JSON.parse(JSON.stringify(past.body))).toEqual(body);
        }
        if (!services.posthog) {
          await stopServices(services);
          await start(true);
        }
      }),
      { numRuns, examples: [[everyState]] },
    );
    for (const state of ['["on",null]', '["off",null]', '["unknown","on"]', '["unknown","off"]'])
      expect([...states].some((known) => known.includes(state))).toBe(true);
  },
);
