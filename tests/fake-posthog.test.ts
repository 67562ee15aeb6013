import { spawn } from "node:child_process";
import { once } from "node:events";
import { PostHog } from "posthog-node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Mode } from "./fake-posthog/modes";
import { type FakePosthog, startFakePosthog } from "./fake-posthog/start";
import { endWithTests } from "./support/end-with-tests";
import { freePort } from "./support/free-port";
import { until } from "./support/poll";

let fake: FakePosthog;
const clients: PostHog[] = [];
beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(async () => {
  await fake.ready();
  await Promise.all(clients.splice(0).map((client) => client.shutdown(100)));
  await fake.close();
});

function sdk(options: ConstructorParameters<typeof PostHog>[1] = {}): PostHog {
  const client = new PostHog(fake.state.projectKey, { host: fake.origin, flushInterval: 0, fetchRetryCount: 0, ...options });
  clients.push(client);
  return client;
}

const ask = (path: string, init: RequestInit = {}, bearer: string | null = fake.state.secretKey) =>
  fetch(fake.origin + path, { ...init, headers: { ...(bearer ? { authorization: `Bearer ${bearer}` } : {}), ...init.headers } });

const groupEvent = (key: string, set: object, timestamp = "2026-11-20T10:00:00.000Z") => ({
  event: "$groupidentify",
  distinct_id: `$organization_${key}`,
  timestamp,
  properties: { $group_type: "organization", $group_key: key, $group_set: set },
});
const batch = (...events: object[]) =>
  ask("/batch/", { method: "POST", body: JSON.stringify({ api_key: fake.state.projectKey, batch: events }) });

describe("what posthog-node sends", () => {
  test("arrives: events with their groups, groups with their properties, persons", async () => {
    const client = sdk();
    client.groupIdentify({ groupType: "organization", groupKey: "acme", properties: { plan: "pro" } });
    client.capture({ distinctId: "u1", event: "opened", groups: { organization: "acme" }, properties: { page: 3 } });
    client.identify({ distinctId: "u1", properties: { role: "owner" } });
    await client.flush();
    expect(fake.state.events.map(({ event }) => event)).toEqual(["$groupidentify", "opened", "$identify"]);
    expect(fake.state.events[1]).toMatchObject({ distinct_id: "u1", properties: { page: 3, $groups: { organization: "acme" } } });
    expect(fake.state.group("acme")).toEqual({ plan: "pro" });
    expect(fake.state.persons.get("u1")).toEqual({ role: "owner" });
    expect(fake.state.requests).toEqual({ "/batch/": 1 });
  });

  test("is refused with a key of another project, and nothing of it is kept", async () => {
    const client = new PostHog("phc_other", { host: fake.origin, flushInterval: 0 });
    client.capture({ distinctId: "u1", event: "opened" });
    await expect(client.flush()).rejects.toMatchObject({ status: 401 });
    expect(fake.state.events).toEqual([]);
  });
});

describe("groups", () => {
  test("merge in the order of arrival, and an older one after a newer one is written down", async () => {
    await batch(groupEvent("acme", { plan: "pro", seats: 5, latchkey_revision: 2 }));
    await batch(groupEvent("acme", { plan: "pro", latchkey_revision: 2 }), groupEvent("globex", { latchkey_revision: 1 }));
    expect(fake.state.violations).toEqual([]);
    await batch(groupEvent("acme", { plan: "free", latchkey_revision: 1 }));
    expect(fake.state.group("acme")).toEqual({ plan: "free", seats: 5, latchkey_revision: 1 });
    expect(fake.state.violations).toEqual([{ type: "organization", key: "acme", held: "2", arrived: "1" }]);
  });

  test("are compared by their timestamps where no revision was sent", async () => {
    await batch(
      groupEvent("acme", { plan: "pro" }, "2026-11-20T10:00:00.001Z"),
      groupEvent("acme", { plan: "pro" }, "2026-11-20T10:00:00.001Z"),
    );
    expect(fake.state.violations).toEqual([]);
    await batch(groupEvent("acme", { plan: "free" }, "2026-11-20T10:00:00.000Z"));
    expect(fake.state.violations).toHaveLength(1);
  });

  test("are of five types at most", async () => {
    await batch({ event: "x", distinct_id: "u", properties: { $groups: { a: "1", b: "1", c: "1", d: "1", e: "1", f: "1" } } });
    expect(fake.state.groupTypes).toEqual(["organization", "a", "b", "c", "d"]);
  });
});

describe("POST /flags/", () => {
  const flagsOf = async (body: object = {}) =>
    (
      await ask("/flags/?v=2", {
        method: "POST",
        body: JSON.stringify({ token: fake.state.projectKey, distinct_id: "u1", groups: { organization: "acme" }, ...body }),
      })
    ).json() as Promise<{ flags: Record<string, Record<string, unknown>>; [more: string]: unknown }>;

  test("leaves inactive flags out, and others than those asked for", async () => {
    for (const key of ["a", "b", "c"]) fake.state.setFlag({ key, active: key !== "b" });
    expect(Object.keys((await flagsOf()).flags)).toEqual(["a", "c"]);
    expect(Object.keys((await flagsOf({ flag_keys_to_evaluate: ["c", "b"] })).flags)).toEqual(["c"]);
  });

  test("gives payloads as text, with the reason", async () => {
    fake.state.setFlag({ key: "a", payloads: { true: { limit: 5 } } });
    expect((await flagsOf()).flags.a).toMatchObject({
      enabled: true,
      variant: null,
      reason: { code: "condition_match", condition_index: 0, description: "Matched condition set 1" },
      metadata: { payload: '{"limit":5}' },
    });
  });

  test("reads what is passed over what is stored, and knows that a property is absent", async () => {
    await batch(groupEvent("acme", { plan: "pro" }));
    fake.state.setFlag({ key: "pro", properties: [{ key: "plan", value: ["PRO"] }] });
    fake.state.setFlag({ key: "plain", properties: [{ key: "plan", operator: "is_not", value: "pro" }] });
    fake.state.setFlag({ key: "none", properties: [{ key: "seats", operator: "is_not_set" }] });
    const on = async (body?: object) =>
      Object.values((await flagsOf(body)).flags)
        .filter(({ enabled }) => enabled)
        .map(({ key }) => key);
    expect(await on()).toEqual(["none", "pro"]);
    expect(await on({ group_properties: { organization: { plan: "free", seats: 1 } } })).toEqual(["plain"]);
    expect(await on({ groups: {} })).toEqual([]);
  });

  test("evaluates conditions by person beside conditions by group, and flags that depend on flags", async () => {
    fake.state.setFlag({
      key: "mixed",
      groupType: null,
      conditions: [
        { groupType: "organization", properties: [{ key: "$group_key", value: "acme" }] },
        { properties: [{ key: "email", operator: "icontains", value: "@initech" }] },
      ],
    });
    fake.state.setFlag({ key: "dependent", properties: [{ key: "mixed", type: "flag", operator: "flag_evaluates_to", value: false }] });
    const verdicts = async (organization: string, email: string) => {
      const { flags } = await flagsOf({ groups: { organization }, person_properties: { email } });
      return [flags.mixed?.enabled, flags.dependent?.enabled];
    };
    expect(await verdicts("acme", "x")).toEqual([true, false]);
    expect(await verdicts("globex", "peter@initech")).toEqual([true, false]);
    expect(await verdicts("globex", "x")).toEqual([false, true]);
  });

  test("can fail one flag, say that errors happened, and be out of quota", async () => {
    fake.state.setFlag({ key: "a" });
    fake.state.setFlag({ key: "b" });
    fake.state.faults.failed.add("a");
    expect(await flagsOf()).toMatchObject({
      errorsWhileComputingFlags: true,
      flags: { a: { failed: true, enabled: false }, b: { enabled: true } },
    });
    fake.state.faults.failed.clear();
    fake.state.faults.errorsWhileComputingFlags = true;
    expect(await flagsOf()).toMatchObject({ errorsWhileComputingFlags: true, flags: { a: { enabled: true } } });
    fake.state.faults.quotaLimited = true;
    expect(await flagsOf()).toMatchObject({ flags: {}, quotaLimited: ["feature_flags"] });
  });

  test("refuses a wrong token with 401 and a question without a distinct id with 400", async () => {
    const post = async (body: object) => (await ask("/flags/?v=2", { method: "POST", body: JSON.stringify(body) })).status;
    expect(await post({ token: "phc_other", distinct_id: "u1" })).toBe(401);
    expect(await post({ token: fake.state.projectKey })).toBe(400);
  });
});

describe("GET /flags/definitions", () => {
  const path = () => `/flags/definitions?token=${fake.state.projectKey}&send_cohorts`;

  test("carries a weak tag that moves with the flags alone, and answers it with 304", async () => {
    fake.state.setFlag({ key: "a" });
    const first = await ask(path());
    const etag = first.headers.get("etag") as string;
    expect(etag).toMatch(/^W\/"/);
    expect(await first.json()).toMatchObject({ flags: [{ key: "a", active: true }], group_type_mapping: { "0": "organization" } });
    const again = () => ask(path(), { headers: { "if-none-match": etag } });
    expect((await again()).status).toBe(304);
    fake.state.setFlag({ key: "a", active: false });
    expect((await again()).status).toBe(200);
  });

  test("wants the secret key and the token of this project", async () => {
    expect((await ask(path(), {}, "phx_other")).status).toBe(401);
    expect((await ask(path(), {}, null)).status).toBe(401);
    expect((await ask("/flags/definitions?token=phc_other&send_cohorts")).status).toBe(401);
  });

  test("answers 402 and then 304, after which posthog-node has no definitions for ever", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    fake.state.setFlag({ key: "a" });
    const client = sdk({ secretKey: fake.state.secretKey, featureFlagsPollingInterval: null });
    await client.waitForLocalEvaluationReady(5000);
    fake.state.mode["/flags/definitions"] = "402";
    // A reload may join the load before it, so once is not always enough.
    const isEmptied = () => client.reloadFeatureFlags().then(() => !client.isLocalEvaluationReady() || undefined);
    await until(isEmptied, 5000, () => "the definitions outlive a 402");
    fake.state.mode["/flags/definitions"] = "ok";
    await client.reloadFeatureFlags();
    await client.reloadFeatureFlags();
    expect(client.isLocalEvaluationReady()).toBe(false);
  });
});

describe("the REST API", () => {
  const rest = async (path: string) => (await ask(`/api/projects/1/${path}`)).json();

  test("lists and finds groups, by the index of their type", async () => {
    await batch(...Array.from({ length: 120 }, (_, i) => groupEvent(`t${i}`, { n: i })));
    const first = await rest("groups/?group_type_index=0");
    expect(first.results).toHaveLength(100);
    expect(first.results[0]).toMatchObject({ group_type_index: 0, group_key: "t0", group_properties: { n: 0 } });
    const second = await (await ask(first.next.slice(fake.origin.length))).json();
    expect([second.results.length, second.next]).toEqual([20, null]);
    expect(await rest("groups/find?group_type_index=0&group_key=t7")).toMatchObject({ group_properties: { n: 7 } });
    expect((await ask("/api/projects/1/groups/find?group_type_index=0&group_key=none")).status).toBe(404);
    expect((await ask("/api/projects/1/groups/")).status).toBe(400);
    expect(await rest("groups_types/")).toMatchObject([{ group_type: "organization", group_type_index: 0 }]);
  });

  test("lists flags by name, state and page", async () => {
    for (let i = 0; i < 5; i++) fake.state.setFlag({ key: `flag-${i}`, active: i % 2 === 0 });
    fake.state.setFlag({ key: "old", createdAt: "2020-01-01T00:00:00.000Z" });
    const keys = async (query: string) => (await rest(`feature_flags/?${query}`)).results.map((f: { key: string }) => f.key).sort();
    expect(await keys("search=flag&active=true")).toEqual(["flag-0", "flag-2", "flag-4"]);
    expect(await keys("active=false")).toEqual(["flag-1", "flag-3"]);
    expect(await keys("active=STALE")).toEqual(["old"]);
    expect(await rest("feature_flags/?limit=4&offset=4")).toMatchObject({ count: 6, next: null, results: [{}, {}] });
  });

  test("wants the secret key", async () => {
    expect((await ask("/api/projects/1/groups_types/", {}, null)).status).toBe(401);
    expect((await ask("/api/projects/2/groups_types/")).status).toBe(404);
  });
});

test("serves what posthog-js loads and takes what it sends, plain and compressed", async () => {
  const script = await ask("/static/array.js");
  expect([script.status, script.headers.get("content-type")]).toEqual([200, "application/javascript"]);
  const event = { event: "$pageview", properties: { token: fake.state.projectKey, distinct_id: "v1" } };
  await ask("/e/?ip=1", { method: "POST", body: JSON.stringify(event) });
  await ask("/i/v0/e/", { method: "POST", body: `data=${encodeURIComponent(Buffer.from(JSON.stringify([event])).toString("base64"))}` });
  await ask("/s/", { method: "POST", body: "[]" });
  expect([fake.state.events.length, fake.state.recordings]).toEqual([2, 1]);
});

describe("told to be", () => {
  const sent = () => batch(groupEvent("acme", { plan: "pro" })).then(async (r) => [r.status, (await r.text()).slice(0, 9)]);
  const within = (ms: number, path = "/batch/") =>
    ask(path, { method: "POST", body: "{}", signal: AbortSignal.timeout(ms) }).then(async (r) => r.text());

  test.each([["401"], ["402"], ["429"], ["500"], ["503"]] as Mode[][])("%s, answers it and takes nothing", async (mode) => {
    fake.state.mode["/batch/"] = mode as Mode;
    expect((await sent())[0]).toBe(Number(mode));
    expect(fake.state.events).toEqual([]);
    expect((await ask("/static/array.js")).status).toBe(200);
  });

  test("garbage, answers 200 with a page that is no PostHog, and takes nothing", async () => {
    fake.state.mode["/batch/"] = "garbage";
    expect(await sent()).toEqual([200, "<!doctype"]);
    expect(fake.state.events).toEqual([]);
  });

  test("slow, takes it at once and answers later", async () => {
    fake.state.mode.default = "slow";
    fake.state.slowMs = 150;
    const started = performance.now();
    expect(await sent()).toEqual([200, '{"status"']);
    expect(performance.now() - started).toBeGreaterThan(140);
  });

  test("hang or silent, never ends an answer", async () => {
    fake.state.mode.default = "hang";
    const response = await ask("/static/array.js");
    expect(response.status).toBe(200);
    await expect(within(100)).rejects.toThrow("timeout");
    fake.state.mode.default = "silent";
    await expect(within(100)).rejects.toThrow("timeout");
    await response.body?.cancel();
  });

  test("trickle, sends a byte at a time", async () => {
    fake.state.mode["/batch/"] = "trickle";
    fake.state.trickleMs = 5;
    expect(await sent()).toEqual([200, '{"status"']);
    fake.state.trickleMs = 1000;
    await expect(within(100)).rejects.toThrow("timeout");
  });

  test("refuse, resets a path, or shuts the port and opens the same one again", async () => {
    fake.state.mode["/batch/"] = "refuse";
    await expect(sent()).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
    fake.state.mode["/batch/"] = "ok";
    fake.state.mode.default = "refuse";
    await fake.ready();
    await expect(sent()).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } });
    fake.state.mode.default = "ok";
    await fake.ready();
    expect(await sent()).toEqual([200, '{"status"']);
  });
});

test("runs as its own process, and obeys at its second port while the first is shut", async () => {
  const port = await freePort();
  const controlPort = await freePort();
  const args = ["--import", "tsx", "tests/fake-posthog/main.ts", "--port", String(port), "--control-port", String(controlPort)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  endWithTests(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const exited = once(child, "exit");
  try {
    await until(
      async () => output.includes("POSTHOG_HOST=") || undefined,
      20_000,
      () => output,
    );
    const order = async (body: object) =>
      (await fetch(`http://127.0.0.1:${controlPort}/__control`, { method: "POST", body: JSON.stringify(body) })).json();
    await order({ flags: [{ key: "a" }] });
    const flags = () =>
      fetch(`http://127.0.0.1:${port}/flags/?v=2`, {
        method: "POST",
        body: JSON.stringify({ token: "phc_fake", distinct_id: "u", groups: { organization: "x" } }),
      });
    expect((await (await flags()).json()).flags.a.enabled).toBe(true);
    await order({ mode: { default: "refuse" } });
    await expect(flags()).rejects.toThrow();
    expect(await order({ mode: { default: "ok" } })).toMatchObject({ mode: { default: "ok" }, requests: { "/flags/": 1 } });
    await until(
      async () => (await flags().catch(() => undefined)) && true,
      5000,
      () => "the port stays shut",
    );
    expect(await order({ mode: { default: "bad" } })).toMatchObject({ detail: "Error: There is no mode bad" });
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
});
