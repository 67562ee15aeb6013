import { expect, test } from "vitest";
import { noFlags } from "~/server/posthog/flags/flag-readings";
import { startServices } from "~tests/services";
import { createChecks } from "./check.server";

test("prepared answers stay within their bounds however long the questions are", async () => {
  const s = await startServices();
  const flags = { of: () => noFlags.of(), peek: () => noFlags.of() };
  const checks = createChecks({ ...s, flags, bytes: 1_000_000 });
  const questions = Array.from({ length: 300 }, (_, i) => `/api/entitlements?tenant=acme&feature=sso&${i}=${"x".repeat(15_000)}`);
  for (const question of questions) await checks.ask({ question, tenant: "acme", features: ["sso"] });
  expect(checks.known(questions.at(-1) as string)).toBeDefined();
  expect(questions.filter((question) => checks.known(question)).length).toBeLessThanOrEqual(66);
  await s.stop();
});
