import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterEach, describe, expect, test } from "vitest";
import { minute } from "~/core/time";
import type { PosthogHooks } from "~/server/posthog/events/hooks.server";
import type { TestAppOptions } from "../support/app";
import { exceptionOf, failing, page, seen } from "../support/captured-pages";
import { type PosthogApp, startPosthogApp } from "../support/posthog";

const token = "q3Zr0bGm7wYh-1nXk_8uLsTe2vDcJa5PfOi9RyBx4Wd";
const open: PosthogApp[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function start(options: TestAppOptions = {}): Promise<PosthogApp> {
  const app = await startPosthogApp({ pages: { seen, "invite/:token/seen": seen, failing, ...options.pages }, ...options });
  open.push(app);
  return app;
}

// What the middleware does at its plainest is in guides/.
describe("the context of a request", () => {
  test("cleans what the headers say, and takes empty ones for none", async () => {
    const app = await start();
    await app.browser().get("/seen", { "x-posthog-session-id": " s\t1 ", "x-posthog-distinct-id": "x".repeat(1200) });
    await app.browser().get("/seen", { "x-posthog-session-id": "   ", "x-posthog-distinct-id": "anonymous" });
    const [clean, none] = await app.captured("seen");
    expect(clean?.properties?.$session_id).toBe("s1");
    expect(clean?.distinct_id).toHaveLength(1000);
    expect(none?.properties).not.toHaveProperty("$session_id");
    expect(none?.distinct_id).not.toBe("anonymous");
  });

  test("is the signed-in admin's, with the address; a header goes before, and gives no right to anything", async () => {
    const app = await start();
    const owner = await app.signIn("owner");
    await owner.get("/seen");
    await owner.get("/seen", { "x-posthog-distinct-id": "somebody" });
    await app
      .browser()
      .get("/account", { "x-posthog-distinct-id": "adm_owner" })
      .then(({ status }) => expect(status).toBe(302));
    const [own, other] = await app.captured("seen");
    expect(own).toMatchObject({ distinct_id: "adm_owner", properties: { admin_id: "adm_owner", email: "adm_owner@example.com" } });
    expect(other).toMatchObject({ distinct_id: "somebody", properties: { admin_id: "adm_owner" } });
  });

  test("falls back to the cookie of posthog-js, whose session counts for as long as it lives", async () => {
    const app = await start();
    const cookieOf = (lastSeen: number) => {
      const value = { distinct_id: "cookie-user", $user_state: "identified", $sesid: [lastSeen, "cookie-session", lastSeen] };
      return `ph_${app.fake.state.projectKey}_posthog=${encodeURIComponent(JSON.stringify(value))}`;
    };
    const asked = (cookie: string, headers = {}) => fetch(`${app.url}/seen`, { headers: { cookie, ...headers } });
    await asked(cookieOf(app.clock.now - 30 * minute));
    await asked(cookieOf(app.clock.now - 30 * minute - 1));
    await asked(cookieOf(app.clock.now), { "x-posthog-session-id": "header-session" });
    await asked(`ph_${app.fake.state.projectKey}_posthog=%7Bbroken`);
    const [fresh, old, mixed, broken] = await app.captured("seen");
    expect(fresh).toMatchObject({ distinct_id: "cookie-user", properties: { $session_id: "cookie-session" } });
    expect(old?.distinct_id).toBe("cookie-user");
    expect(old?.properties).not.toHaveProperty("$session_id");
    expect(mixed?.properties?.$session_id).toBe("header-session");
    expect(mixed?.distinct_id).not.toBe("cookie-user");
    expect(broken?.distinct_id).toBeTruthy();
  });

  test("says $ip only when a trusted proxy forwarded the request", async () => {
    const forwarded = { "x-forwarded-for": "203.0.113.7" };
    const alone = await start();
    await alone.browser().get("/seen", forwarded);
    const behind = await start({ env: { TRUST_PROXY: "127.0.0.1" } });
    await behind.browser().get("/seen", forwarded);
    await behind.browser().get("/seen");
    expect((await alone.captured("seen"))[0]?.properties).not.toHaveProperty("$ip");
    const [through, direct] = await behind.captured("seen");
    expect(through?.properties?.$ip).toBe("203.0.113.7");
    expect(direct?.properties).not.toHaveProperty("$ip");
  });

  test("never holds the token of a one-time link, or what a query kept secret", async () => {
    const app = await start();
    await app.browser().get(`/invite/${token}/seen?returnTo=/setup/${token}`);
    await app.browser().get(`/seen?token=${token}&feature=sso`);
    const events = await app.captured();
    expect(JSON.stringify(events)).not.toContain(token);
    const [link, plain] = await app.captured("seen");
    expect(link?.properties).toMatchObject({
      $request_path: "/invite/hidden/hidden",
      $current_url: `${app.url}/invite/hidden/hidden?returnTo=hidden`,
    });
    expect(plain?.properties?.$current_url).toBe(`${app.url}/seen?token=hidden&feature=sso`);
  });
});

describe("the hooks of posthog.config.ts", () => {
  const ask = async (posthogHooks: PosthogHooks) => {
    const app = await start({ posthogHooks });
    expect((await app.browser().get("/seen", { "x-region": "eu" })).status).toBe(200);
    expect((await app.browser().get("/failing")).status).toBe(500);
    return { app, seen: await app.captured("seen"), failed: await app.captured("$exception") };
  };

  test("one that throws, or gives something of the wrong kind, is left out, and the request goes on with its context", async () => {
    const broken = () => {
      throw new Error("hook broke");
    };
    const { app, seen, failed } = await ask({ requestFilter: broken, extraTags: broken, tagMap: broken });
    expect(seen[0]?.properties).toMatchObject({ $request_path: "/seen" });
    expect(failed).toHaveLength(1);
    for (const hook of ["requestFilter", "extraTags", "tagMap"]) expect(app.log()).toContain(`"hook":"${hook}"`);
    const odd = await ask({ extraTags: () => "tags" as never, tagMap: () => undefined as never });
    expect(odd.seen[0]?.properties).toMatchObject({ $request_path: "/seen" });
    expect(odd.app.log()).toContain("something else than an object of tags");
  });

  test("one that answers later is not waited for, and told of, also when it fails then", async () => {
    const later = (async () => {
      throw new Error("too late");
    }) as never;
    const { app, seen } = await ask({ requestFilter: later, extraTags: later, tagMap: later });
    expect(seen[0]?.properties).toMatchObject({ $request_path: "/seen" });
    for (const hook of ["requestFilter", "extraTags", "tagMap"])
      expect(app.log()).toMatch(new RegExp(`"hook":"${hook}"[^\n]*returned a promise`));
    expect(app.log()).toContain("too late");
  });

  test("a tag that cannot be sent is left out, and costs neither the others nor the events", async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const { app, seen, failed } = await ask({
      extraTags: () => ({ circle, big: 1n, work: () => 1, region: "eu", since: new Date(0) }),
      tagMap: (tags) => ({ ...tags, circle }),
    });
    expect(seen[0]?.properties).toMatchObject({ $request_path: "/seen", region: "eu", since: "1970-01-01T00:00:00.000Z" });
    for (const name of ["circle", "big", "work"]) expect(seen[0]?.properties).not.toHaveProperty(name);
    expect(failed).toHaveLength(1);
    expect(app.log()).toContain("circular");
  });

  test("never see a key or a cookie", async () => {
    const given: unknown[] = [];
    await ask({
      extraTags: (request) => {
        for (const name of ["cookie", "Authorization", "x-api-key"]) given.push(request.header(name));
        return null;
      },
    });
    expect(given.every((header) => header === undefined)).toBe(true);
  });
});

describe("exceptions", () => {
  test("of API routes are captured once, with what the request said of itself", async () => {
    const app = await start();
    const key = await app.apiKey("manage", "check");
    const broken = (): never => {
      throw new Error("disk on fire");
    };
    Object.assign(app.services.db, { transaction: broken });
    const authorization = `Bearer ${key}`;
    const answer = await fetch(`${app.url}/api/tenants/acme`, {
      method: "PUT",
      headers: { authorization, "content-type": "application/json", "x-posthog-distinct-id": "program-1" },
      body: "{}",
    });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([500, "internal_error"]);
    Object.assign(app.services.checks, { ask: broken });
    expect((await fetch(`${app.url}/api/entitlements?tenant=acme&user=u-secret`, { headers: { authorization } })).status).toBe(500);
    const [managed, checked, ...more] = await app.captured("$exception");
    expect(managed).toMatchObject({ distinct_id: "program-1", properties: { $request_path: "/api/tenants/acme", $request_method: "PUT" } });
    expect(checked?.properties).toMatchObject({ $current_url: `${app.url}/api/entitlements?tenant=acme&user=hidden` });
    expect(more).toEqual([]);
    expect(JSON.stringify([managed, checked])).not.toContain(key);
  });

  test("of jobs are captured once each, outside of any request, and a job that fails each second says so a few times only", async () => {
    const app = await start();
    const error = new Error("job broke");
    app.posthog.exceptions.ofJob(error, "a job");
    app.posthog.exceptions.ofJob(error, "a job");
    for (let i = 0; i < 20; i++) app.posthog.exceptions.ofJob(new Error(`again ${i}`), "another job");
    const events = await app.captured("$exception");
    // In which order they arrive is up to the SDK, which reads the source of each place first.
    expect(events.map(({ properties }) => properties?.job).sort()).toEqual(["a job", ...Array(5).fill("another job")]);
    for (const { properties } of events) expect(properties).not.toHaveProperty("$current_url");
    app.clock.now += 60_000;
    for (let i = 0; i < 3; i++) app.posthog.exceptions.ofJob(new Error(`later ${i}`), "another job");
    expect(await app.captured("$exception")).toHaveLength(7);
  });

  test("a job that ends in the log is captured, whatever the log's level", async () => {
    const app = await start();
    await app.services.db.transaction([], async (tx) => await tx.run(sql`drop table check_counts`));
    app.services.counts.countAll("acme", app.clock.now);
    await app.services.counts.flush();
    const [event, ...more] = await app.captured("$exception");
    expect(event?.properties?.job).toContain("check counts cannot be written");
    expect(more).toEqual([]);
  });

  test("are not captured when POSTHOG_MW_CAPTURE_EXCEPTIONS says so", async () => {
    const app = await start({ env: { POSTHOG_MW_CAPTURE_EXCEPTIONS: "false" } });
    expect((await app.browser().get("/failing")).status).toBe(500);
    expect(await app.captured("$exception")).toEqual([]);
  });
});

test("contexts of 200 requests that run through each other do not leak", async () => {
  const n = 200;
  let here = 0;
  let release = () => {};
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  const crowded = page(async ({ request, context }) => {
    const who = request.headers.get("x-who");
    if (++here === n) release();
    await all;
    for (let i = 0; i < 5; i++) {
      await sleep(Math.random() * 20);
      context.posthog?.client.capture({ event: "step", properties: { who } });
    }
    if (Number(who) % 2 === 0) throw new Error(`broke ${who}`);
    return null;
  });
  const app = await start({ pages: { crowded } });
  const numbers = Array.from({ length: n }, (_, i) => String(i));
  await Promise.all(
    numbers.map((who) =>
      fetch(`${app.url}/crowded?page=${who}`, {
        headers: { "x-who": who, "x-posthog-distinct-id": `user-${who}`, "x-posthog-session-id": `session-${who}` },
      }).then((response) => response.text()),
    ),
  );
  const steps = await app.captured("step");
  expect(steps).toHaveLength(5 * n);
  for (const { distinct_id, properties } of steps) {
    const { who } = properties as { who: string };
    expect(distinct_id).toBe(`user-${who}`);
    expect(properties).toMatchObject({ $session_id: `session-${who}`, $current_url: `${app.url}/crowded?page=${who}` });
  }
  const failed = await app.captured("$exception");
  expect(failed).toHaveLength(n / 2);
  for (const { distinct_id, properties } of failed) {
    const { value } = exceptionOf(properties);
    expect(distinct_id).toBe(`user-${value.slice("broke ".length)}`);
  }
});
