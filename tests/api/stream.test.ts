import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { type Api, ada, startApi } from "../support/api";
import { listen } from "../support/events";
import { feature, meteredFeature, plan } from "../support/facts";
import { measured } from "../support/measured";
import { until } from "../support/poll";
import { startProgram } from "../support/program";
import { engines } from "../support/services";

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.catalogue([feature("sso"), meteredFeature("calls")], [plan("basic", { sso: true, calls: 5 })]);
  await api.tenant("acme", { name: "Acme", plan: "basic" });
  await api.tenant("other", { name: "Other" });
});
afterAll(() => api.stop());

const cli = fileURLToPath(new URL("../../build/server/cli.js", import.meta.url));
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const follow = (tenant = "acme", headers: Record<string, string> = {}, on = api) =>
  listen(`${on.origin}/api/stream?tenant=${tenant}`, { ...bearer(api.keys.check), ...headers });
const consume = (quantity: number) =>
  api.services.db &&
  api.keyFor("usage").then((key) => api.send("POST", "/api/usage/consume", { tenant: "acme", feature: "calls", quantity }, key));

describe("a stream", () => {
  test("begins with where it stands, and tells of a change of its tenant within a second, and of no other tenant's", measured, async () => {
    await api.tenant("acme", { plan: "basic" });
    const stream = await follow();
    expect([stream.status, stream.headers["content-type"], stream.headers["cache-control"]]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
      "no-store",
    ]);
    expect(await stream.nth(1)).toMatchObject({ event: "ready", id: expect.stringMatching(/^\d+-[\w-]{16}$/) });
    await api.tenant("other", { plan: "basic" });
    const started = performance.now();
    await api.tenant("acme", { plan: null });
    const { revision } = (await (await api.get("/api/entitlements?tenant=acme")).json()) as { revision: number };
    const changed = await stream.nth(2);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(changed).toMatchObject({
      event: "changed",
      id: expect.stringMatching(`^${revision}-`),
      data: JSON.stringify({ tenant: "acme", revision }),
    });
    stream.close();
    await api.tenant("acme", { plan: "basic" });
  });

  test("tells of the catalogue, of a limit that is reached, of a reset and of a trial's end by the clock alone", async () => {
    const start = api.clock.now;
    await api.tenant("trying", { name: "Trying" });
    await api.trial("trying", "sso", start + day);
    const [stream, trying] = [await follow(), await follow("trying")];
    await trying.nth(1);
    await stream.nth(1);
    await consume(4);
    await consume(1);
    expect(await stream.nth(2)).toMatchObject({ event: "changed" });
    api.clock.now = start + day - 1;
    await api.catalogue([feature("new")], []);
    await Promise.all([stream.nth(3), trying.nth(2)]);
    api.clock.now = start + day;
    await trying.nth(3);
    expect(stream.events).toHaveLength(3);
    api.clock.now = Date.UTC(2026, 11, 1);
    await stream.nth(4);
    for (const s of [stream, trying]) s.close();
    api.clock.now = start;
  });

  test("that is resumed with its last id says what it missed in one event, and nothing when it missed nothing", async () => {
    const first = await follow();
    const { id = "" } = await first.nth(1);
    first.close();
    const same = await follow("acme", { "last-event-id": id });
    await api.tenant("acme", { plan: null });
    expect(await same.nth(1)).toMatchObject({ event: "changed" });
    same.close();
    const missed = await follow("acme", { "last-event-id": id });
    expect(await missed.nth(1)).toMatchObject({ event: "changed", id: same.events[0]?.id });
    missed.close();
    await api.tenant("acme", { plan: "basic" });
  });

  test("takes an unknown tenant, and tells when there is one", async () => {
    const stream = await follow("later");
    await stream.nth(1);
    await api.tenant("later", { name: "Later" });
    await stream.nth(2);
    stream.close();
  });

  test("ends when its key is revoked, and lets go of what it watched", async () => {
    const { id, key } = await createKey(api.services, ada, { name: "s", scopes: ["check"], expiresAt: null });
    const stream = await follow("acme", bearer(key));
    await stream.nth(1);
    await revokeKey(api.services, ada, id);
    await stream.over();
    await until(
      async () => api.services.streams.watched() === 0 || undefined,
      5_000,
      () => "Something is still watched.",
    );
  });

  test("ends when its key or its token has had its time, to the millisecond, and not before", async () => {
    const start = api.clock.now;
    const { key } = await createKey(api.services, ada, { name: "s", scopes: ["check"], expiresAt: start + 1_000 });
    const minted = await api.send("POST", "/api/tenants/acme/token", { ttl: 10 }, api.keys.check);
    const { token } = (await minted.json()) as { token: string };
    const streams = [await follow("acme", bearer(key)), await follow("acme", bearer(token))] as const;
    for (const s of streams) await s.nth(1);
    api.clock.now = start + 999;
    await api.tenant("acme", { plan: null });
    for (const s of streams) await s.nth(2);
    api.clock.now = start + 1_000;
    await streams[0].over();
    expect(streams[1].isOver()).toBe(false);
    api.clock.now = start + 10_000;
    await streams[1].over();
    api.clock.now = start;
    await api.tenant("acme", { plan: "basic" });
  });

  test("is refused without a key, without the scope, about another tenant, and without a tenant", async () => {
    const pub = await createKey(api.services, ada, {
      name: "p",
      kind: "pub",
      scopes: ["check"],
      expiresAt: null,
      tenant: "acme",
      origins: ["https://a.b"],
    });
    const refusal = async (path: string, headers: Record<string, string>) => {
      const answer = await fetch(api.origin + path, { headers });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await refusal("/api/stream?tenant=acme", {})).toEqual([401, "key_missing"]);
    expect(await refusal("/api/stream?tenant=acme", bearer(api.keys.manage))).toEqual([403, "scope_missing"]);
    expect(await refusal("/api/stream?tenant=other", bearer(pub.key))).toEqual([403, "tenant_forbidden"]);
    const withoutTenant = await api.get("/api/stream");
    expect([withoutTenant.status, await withoutTenant.json()]).toMatchObject([
      400,
      { code: "invalid_request", field: "tenant", detail: "This is missing: send text." },
    ]);
    expect(await refusal("/api/stream?tenant=a&tenant=b", bearer(api.keys.check))).toEqual([400, "invalid_request"]);
    expect(await refusal("/ofrep/v1/stream", {})).toEqual([401, "ticket_invalid"]);
    expect((await fetch(`${api.origin}/api/stream?tenant=acme`, { method: "HEAD", headers: bearer(api.keys.check) })).status).toBe(405);
    const own = await listen(`${api.origin}/api/stream`, { ...bearer(pub.key), origin: "https://a.b" });
    expect(own.headers["access-control-allow-origin"]).toBe("https://a.b");
    own.close();
  });
});

test("opening streams is counted among a key's requests and not among its checks, and by ticket apart from the key", async () => {
  const limited = await startApi("sqlite", { variables: { LATCHKEY_RATE_LIMIT: "2", LATCHKEY_CHECK_RATE_LIMIT: "1" } });
  await limited.tenant("acme", { name: "Acme" });
  const open = () => listen(`${limited.origin}/api/stream?tenant=acme`, bearer(limited.keys.check));
  const [first, second] = [await open(), await open()];
  expect([first.status, first.headers.ratelimit, second.status]).toEqual([200, '"requests";r=1;t=30', 200]);
  const { eventStreams } = await (
    await limited.send("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: "acme" } }, limited.keys.check)
  ).json();
  const byTicket = eventStreams[0].endpoint.requestUri;
  for (let i = 0; i < 2; i++) expect((await listen(limited.origin + byTicket, {})).status).toBe(200);
  for (const refused of [await limited.get("/api/stream?tenant=acme"), await limited.get(byTicket, null)]) {
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(await refused.json()).toMatchObject({ code: "rate_limited", "violated-policies": ["requests"] });
  }
  await limited.stop();
});

test("SIGTERM ends the streams of a real process in order, so that their readers go to another one, and the process with them", async () => {
  const program = await startProgram();
  const made = spawnSync(process.execPath, [cli, "keys", "create", "--name", "s", "--scope", "check", "--json"], {
    env: program.env,
    encoding: "utf8",
  });
  const { key } = JSON.parse(made.stdout) as { key: string };
  const streams = await Promise.all(
    ["acme", "other", "acme"].map((tenant) => listen(`${program.url}/api/stream?tenant=${tenant}`, bearer(key))),
  );
  for (const stream of streams) await stream.nth(1);
  expect(await program.stop()).toBe(0);
  for (const stream of streams) {
    await stream.over();
    expect(stream.endedInOrder()).toBe(true);
  }
});

test.each(engines)(
  "a change by another process is told within two seconds, and the stream ends with its process, on %s",
  measured,
  async (engine) => {
    const one = await startApi(engine);
    await one.catalogue([feature("sso")], [plan("basic", { sso: true })]);
    await one.tenant("acme", { name: "Acme" });
    const two = await startApi(engine, { url: one.url, keys: one.keys });
    const stream = await listen(`${two.origin}/api/stream?tenant=acme`, bearer(one.keys.check));
    await stream.nth(1);
    const started = performance.now();
    await one.tenant("acme", { plan: "basic" });
    await stream.nth(2);
    expect(performance.now() - started).toBeLessThan(2_000);
    // A process that stops ends its streams, so that their readers go to another one.
    await two.stop();
    await stream.over();
    await one.stop();
  },
);
