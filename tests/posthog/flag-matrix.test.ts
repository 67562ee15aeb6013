import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flagRules, whenUnknownChoices } from "~/core/model";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { until } from "../support/poll";

/** What PostHog answers about one flag, and what that has to mean. */
const answers = {
  on: { says: "on" },
  off: { says: "off" },
  failed: { says: "unknown", because: "flag_failed" },
  absent: { says: "off" },
  on_with_errors: { says: "on", errors: true },
  off_with_errors: { says: "off", errors: true },
  failed_with_errors: { says: "unknown", because: "flag_failed", errors: true },
  absent_with_errors: { says: "unknown", errors: true },
} as const;
type AnswerName = keyof typeof answers;
const names = Object.keys(answers) as AnswerName[];

const cells = flagRules.flatMap((rule) => whenUnknownChoices.map((whenUnknown) => ({ rule, whenUnknown })));
const keyOf = ({ rule, whenUnknown }: (typeof cells)[number]) => `${rule}_${whenUnknown}`;
// Every feature has a flag of its own: the answers of one request must not change each other.
const features = names.flatMap((name) =>
  cells.map((cell) => feature(`${name}_${keyOf(cell)}`, { flag: { key: `${name}-${keyOf(cell)}`, ...cell } })),
);
const gated = features.filter((f) => f.flag?.rule === "gate").map((f) => [f.key, true] as const);

/** How flags are answered: by PostHog; by definitions held here; by PostHog where these do not suffice. */
const ways = ["by PostHog", "here", "partly here"] as const;
type Way = (typeof ways)[number];

let fake: FakePosthog;
let api: Api;

function say(state: "before" | "now", way: Way = "by PostHog") {
  // Holds for every tenant, which only PostHog can tell: no definition says what another program set.
  const properties = way === "partly here" ? [{ key: "industry", operator: "is_not", value: ["none"] }] : [];
  fake.state.faults.failed = new Set();
  for (const name of names) {
    for (const cell of cells) {
      const key = `${name}-${keyOf(cell)}`;
      const isOn = state === "before" || name.startsWith("on");
      fake.state.setFlag({ key, active: state === "before" || !name.startsWith("absent"), rollout: isOn ? 100 : 0, properties });
      if (state === "now" && name.startsWith("failed")) fake.state.faults.failed.add(key);
    }
  }
}

type Wire = { entitled: boolean; sources: { source: string; state?: string; reason?: string; isStale?: true }[] };

async function ask(tenant: string, name: AnswerName): Promise<Record<string, Wire>> {
  const keys = cells.map((cell) => `${name}_${keyOf(cell)}`);
  const found = await Promise.all(
    keys.map(async (key) => [key, (await (await api.get(`/api/entitlements?tenant=${tenant}&feature=${key}`)).json()).entitlements[key]]),
  );
  return Object.fromEntries(found);
}

/** Worked out from the rules alone. `before`: PostHog once said that the flag is on. */
function expected(says: string, { rule, whenUnknown }: (typeof cells)[number], before: boolean): boolean {
  const state = says !== "unknown" ? says : whenUnknown !== "last" ? whenUnknown : before ? "on" : "unknown";
  return rule === "gate" ? state !== "off" : state === "on";
}

const worlds = [false, true].flatMap((errors) => ways.map((way) => ({ errors, way })));

describe.each(worlds)("errorsWhileComputingFlags $errors, evaluated $way", ({ errors, way }) => {
  beforeAll(async () => {
    fake = await startFakePosthog();
    say("before", way);
    const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1" };
    const secret = { POSTHOG_SECRET_KEY: fake.state.secretKey, POSTHOG_FLAG_POLL_INTERVAL: "1" };
    const variables = { ...posthog, ...(way === "by PostHog" ? {} : secret), POSTHOG_FLAG_TIMEOUT_MS: "10000" };
    api = await startApi("sqlite", { variables });
    await api.catalogue(features, [plan("basic", Object.fromEntries(gated))]);
    await api.tenant("known", { plan: "basic" });
    await api.tenant("fresh", { plan: "basic" });
    if (way !== "by PostHog") await api.services.posthog?.client.waitForLocalEvaluationReady(10_000);
    for (const name of names) await ask("known", name);
    say("now", way);
    fake.state.faults.errorsWhileComputingFlags = errors;
    await until(
      async () => {
        api.clock.now += 1_000;
        const { off_gate_last } = await ask("known", "off");
        const { absent_gate_last } = await ask("known", "absent");
        const isSettled = way === "by PostHog" || absent_gate_last?.entitled === false;
        return (off_gate_last?.entitled === false && isSettled) || undefined;
      },
      20_000,
      () => "PostHog was not asked again",
    );
  });
  afterAll(async () => {
    await api.stop();
    await fake.close();
  });

  const asked = names.filter((name) => "errors" in answers[name] === errors || name.startsWith("failed"));
  function meant(name: AnswerName): (typeof answers)[AnswerName] {
    // Definitions have inactive flags too, and what is evaluated here cannot fail at PostHog.
    if (way !== "by PostHog" && name.startsWith("absent")) return answers.absent;
    if (way === "here" && name.startsWith("failed")) return answers.off;
    // One flag that failed makes the whole answer one with errors, so an absent flag is unknown beside it.
    return name.startsWith("absent") ? answers.absent_with_errors : answers[name];
  }

  test.each(asked)("an answer that is %s is believed by itself, for tenants known before and never asked about", async (name) => {
    const { says, ...more } = meant(name);
    for (const tenant of ["known", "fresh"]) {
      const said = await ask(tenant, name);
      for (const cell of cells) {
        const key = `${name}_${keyOf(cell)}`;
        const where = `${tenant} ${key}`;
        expect(`${where} ${said[key]?.entitled}`).toBe(`${where} ${expected(says, cell, tenant === "known")}`);
        const flag = said[key]?.sources.find((s) => s.source === "flag");
        if (flag?.state === "unknown") expect(flag.reason).toBe("because" in more ? more.because : undefined);
        if (says !== "unknown") expect(flag?.isStale).toBeUndefined();
      }
    }
  });

  test("PostHog is asked over the wire only about what cannot be evaluated here", () => {
    const overTheWire = new Set(fake.state.questions.flatMap((q) => q.flag_keys_to_evaluate as string[]));
    if (way === "here") expect(overTheWire).toEqual(new Set());
    else expect(overTheWire.size).toBeGreaterThan(cells.length);
  });
});

test("a flag that is absent from a complete answer is off, whatever was known before", async () => {
  fake = await startFakePosthog();
  const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1" };
  api = await startApi("sqlite", { variables: posthog });
  await api.catalogue(features, [plan("basic", Object.fromEntries(gated))]);
  await api.tenant("known", { plan: "basic" });
  say("before");
  await ask("known", "absent");
  for (const cell of cells) fake.state.setFlag({ key: `absent-${keyOf(cell)}`, active: false });
  await until(
    async () => {
      api.clock.now += 1_000;
      return Object.values(await ask("known", "absent")).every((e) => !e.entitled) || undefined;
    },
    10_000,
    () => "the absent flags did not become off",
  );
  await api.stop();
  await fake.close();
});
