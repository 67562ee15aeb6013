import { describe, expect, test } from "vitest";
import { startGuide } from "../../support/guide";

// A feature is what the plan says. A flag may add it for tenants whose plan lacks it, and without PostHog the plan decides.
const ways: { way: string; env: Record<string, string> }[] = [
  { way: "PostHog is asked for each tenant", env: {} },
  { way: "definitions are evaluated here", env: { POSTHOG_SECRET_KEY: "phx_fake", POSTHOG_FLAG_POLL_INTERVAL: "1" } },
];

describe.each(ways)("plan first, then the flag: $way", ({ env }) => {
  test("BASIC does not have AI search, and the answer says which plan has", async () => {
    const { decide } = await startGuide({ env });

    const decision = await decide("acme", "ai_search");

    expect(decision).toMatchObject({
      entitled: false,
      reason: { code: "not_in_plan", message: "Not included in BASIC. Included in PRO." },
      availableIn: ["pro"],
    });
  });

  test("PRO has it by its plan, and the flag is not even asked", async () => {
    const { decide } = await startGuide({ env });

    const decision = await decide("globex", "ai_search");

    expect(decision).toMatchObject({ entitled: true, source: "plan" });
    expect(decision.sources).toMatchObject([{ source: "plan" }, { source: "flag", flag: "ai-search", state: "not_asked" }]);
  });

  test("the flag gives it to Acme's group, and takes it back when it is switched off", async () => {
    const { fake, decide, becomes } = await startGuide({ env });
    fake.state.setFlag({ key: "ai-search", properties: [{ key: "$group_key", value: ["acme"] }] });

    expect(await becomes("acme", "ai_search", ({ entitled }) => entitled)).toMatchObject({ source: "flag", reason: { code: "flag_on" } });

    fake.state.setFlag({ key: "ai-search", active: false });
    expect(await becomes("acme", "ai_search", ({ entitled }) => !entitled)).toMatchObject({ reason: { code: "not_in_plan" } });
    expect(await decide("globex", "ai_search")).toMatchObject({ entitled: true });
  });
});

test("PostHog is down: the plan decides", async () => {
  const { fake, decide } = await startGuide();
  fake.state.setFlag({ key: "ai-search", properties: [{ key: "$group_key", value: ["acme"] }] });
  fake.state.mode.default = "refuse";
  await fake.ready();

  const basic = await decide("acme", "ai_search");
  const pro = await decide("globex", "ai_search");

  expect(basic).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
  expect(basic.sources).toMatchObject([{ source: "flag", flag: "ai-search", state: "unknown" }]);
  expect(pro).toMatchObject({ entitled: true, source: "plan" });
});
