import { afterAll, beforeAll, expect, test } from "vitest";
import { startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";

let fake: Awaited<ReturnType<typeof startFakePosthog>>;
let api: Api;
beforeAll(async () => {
  fake = await startFakePosthog();
  api = await startApi("sqlite", { variables: { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin } });
});
afterAll(async () => {
  await api.stop();
  await fake.close();
});

const tie = (flag: string | null, name: string) =>
  api.send("PUT", "/api/features/sso", { flag: flag && { key: flag, rule: "gate" } }, api.keys.manage, { "idempotency-key": name });

test("a tie that was made is answered again the same, also when PostHog has lost its flag and the feature its tie meanwhile", async () => {
  fake.state.setFlag({ key: "sso-on" });
  const first = await tie("sso-on", "a");
  expect(first.status).toBe(201);
  expect((await tie(null, "b")).status).toBe(200);
  fake.state.flags.delete("sso-on");
  const again = await tie("sso-on", "a");
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  expect(await again.text()).toBe(await first.text());
});

test("a tie that was refused was not begun: with the same name it is made once there is such a flag", async () => {
  const refused = await tie("later", "c");
  expect([refused.status, (await refused.json()).code]).toEqual([422, "flag_not_found"]);
  fake.state.setFlag({ key: "later" });
  const made = await tie("later", "c");
  expect([made.status, made.headers.get("idempotency-replayed")]).toEqual([200, null]);
});
