import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { describeEnvironment, withoutCredentials } from "~/core/environment";
import { paths } from "~/paths";
import { readEnv, variableNames } from "~/server/env.server";
import { readSystem } from "~/server/system/system-page.server";
import { connectionName } from "~db/postgres-node.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { textOf } from "./support/page-text";
import { engines, startServices } from "./support/services";

describe("the page", () => {
  let app: TestApp;
  let admin: Browser;
  beforeAll(async () => {
    const secrets = {
      METRICS_TOKEN: "metrics-token-of-the-test",
      LATCHKEY_OWNER_EMAIL: "o@example.com",
      LATCHKEY_OWNER_PASSWORD: "hidden-word",
    };
    app = await startTestApp({ env: { ...secrets, LATCHKEY_CACHE_MB: "64" } });
    admin = await app.signIn("admin");
  });
  afterAll(() => app.close());

  const read = async () => textOf(await admin.get(paths.system()));

  test("shows version, database, processes, load, retention and settings", async () => {
    const text = await read();
    expect(text).toMatch(/Version 0\.1\.0 Node\.js v\d+/);
    expect(text).toMatch(/Engine SQLite 3\.\S+ Size [\d.]+ (k|M)B Schema \d+ migrations/);
    expect(text).toMatch(/Server checks and the API .* MB .* MB/);
    expect(text).toMatch(/Checks 0 at work, none refused since the start/);
    expect(text).toMatch(/Counts of checks 400 days/);
    expect(text).toMatch(/PostHog Off\./);
    expect(text).toMatch(/Outcomes of trials Not yet/);
    expect(text).toContain("LATCHKEY_CACHE_MB 64");
    expect(text).not.toContain("Nodes");
  });

  test("shows that a secret is set, and never its value", async () => {
    const html = await (await admin.get(paths.system())).text();
    expect(html).not.toContain("metrics-token-of-the-test");
    expect(html).not.toContain("hidden-word");
    expect(await read()).toMatch(/LATCHKEY_OWNER_PASSWORD Set, not shown/);
  });

  test("says of a part that cannot be read that it could not be, and has the others", async () => {
    const failing = vi.spyOn(app.services, "systemStatus").mockRejectedValue(new Error("gone"));
    try {
      const text = await read();
      expect(text).toContain("The server's process could not be read.");
      expect(text).toContain("The load could not be read.");
      expect(text).toContain("Engine SQLite");
    } finally {
      failing.mockRestore();
    }
  });

  test("is for admins and owners, and only they see it in the navigation and in a search", async () => {
    const viewer = await app.signIn("viewer");
    const answer = await viewer.get(paths.system());
    expect(answer.status).toBe(403);
    expect(await textOf(answer)).toContain("You need the role admin or owner to see the state of the system.");
    expect(await (await viewer.get(paths.tenants())).text()).not.toContain('href="/system"');
    expect(await (await admin.get(paths.tenants())).text()).toContain('href="/system"');
    expect(await (await viewer.get(paths.search("system"))).text()).not.toContain('href="/system"');
    expect(await textOf(await admin.get(paths.search("health version")))).toMatch(/Pages System/);
  });
});

test.each(engines)("all parts can be read on %s", async (engine) => {
  const s = await startServices(engine);
  try {
    await s.cleaning.clean();
    const system = await readSystem(s);
    expect(system).toMatchObject({
      database: { bytes: expect.any(Number), migrations: { count: expect.any(Number) } },
      worker: "none",
      passes: { trialsAt: null, figuresAt: null },
      posthog: { isOn: false },
      server: { cleanedAt: s.clock.now },
    });
    expect(system.database?.bytes).toBeGreaterThan(10_000);
    expect(system.nodes?.filter(({ pid }) => pid === process.pid).length).toBe(engine === "postgres" ? 1 : 0);
  } finally {
    await s.stop();
  }
});

test.each([
  ["latchkey-0", "latchkey-0"],
  ["latchkey.example.com", "latchkey.example.com"],
  ["ip-10-0-1-23.eu-central-1.compute.internal", "ip-10-0-1-23"],
  ["entitlements-latchkey-6f9c8b7d5c-x2v4q", "ents-latchkey-6f9c8b7d5c-x2v4q"],
  ["größe/1", "gre1"],
])("a connection names its host %s as %s, and its process", (host, shown) =>
  expect(connectionName("server", host)).toBe(`latchkey/${shown}/${process.pid}/server`),
);

test("a variable is a secret unless it is listed, and a database's address is shown without user, password and query", () => {
  const all = Object.fromEntries(variableNames.map((name) => [name, "value"]));
  const secrets = describeEnvironment([...variableNames, "NEW_ONE"], { ...all, NEW_ONE: "x" }).filter(({ isSecret }) => isSecret);
  expect(secrets.map(({ name }) => name).sort()).toEqual([
    "LATCHKEY_OWNER_PASSWORD",
    "METRICS_TOKEN",
    "NEW_ONE",
    "POSTHOG_API_KEY",
    "POSTHOG_PERSONAL_API_KEY",
    "POSTHOG_PROJECT_API_KEY",
    "POSTHOG_SECRET_KEY",
  ]);
  expect(secrets.every(({ value }) => value === null)).toBe(true);
  expect(withoutCredentials("postgres://ada:pa%40ss@db.example.com:5433/latchkey?password=x&sslmode=require")).toBe(
    "postgres://db.example.com:5433/latchkey",
  );
  expect(withoutCredentials("postgres://ada:p@ss@[bad/latchkey")).toBe("postgres://…");
  expect(readEnv({ DATABASE_URL: "postgres://u:secret@h/d" }).variables.find(({ name }) => name === "DATABASE_URL")?.value).toBe(
    "postgres://h/d",
  );
});
