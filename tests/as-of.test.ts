import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endGrant } from "~/core/grants/grant-changes";
import { day, hour, isoTime } from "~/core/time";
import { paths } from "~/paths";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { recordUsage } from "~/server/usage/usage.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { textOf } from "./support/page-text";
import { overrideAs, putAs, seedCatalogue, trialAs, worldFeatures } from "./support/tenant-world";

let app: TestApp;
let admin: Browser;
let key: string;

beforeAll(async () => {
  app = await startTestApp({ env: { SESSION_IDLE_MINUTES: "10080", SESSION_MAX_HOURS: "720" } });
  await seedCatalogue(app);
  key = await app.apiKey("check");
  admin = await app.signIn("admin");
});
afterAll(() => app.close());

const overview = async (tenant: string, query: Record<string, string>) => textOf(await admin.get(paths.tenant(tenant, query)));
const names = new Map(worldFeatures.map(({ key, name }) => [key, name]));

/** Each listed feature's yes or no, as the page of features shows it. */
async function shownAnswers(tenant: string, at: number): Promise<Record<string, boolean>> {
  const html = await (await admin.get(paths.tenantFeatures(tenant, { show: "all", at: isoTime(at) }))).text();
  const shown: Record<string, boolean> = {};
  for (const [, row = ""] of html.matchAll(/<summary(.*?)<\/summary>/gs)) {
    const feature = [...names].find(([, name]) => row.includes(`title="${name}"`))?.[0];
    if (feature) shown[feature] = />Yes</.test(row);
  }
  return shown;
}

async function answersOfApi(tenant: string, at: number): Promise<Record<string, boolean>> {
  const url = `${app.url}/api/entitlements?${new URLSearchParams({ tenant, at: isoTime(at) })}`;
  const answer = await (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).json();
  const entitlements = Object.entries(answer.entitlements as Record<string, { entitled: boolean }>);
  return Object.fromEntries(entitlements.map(([feature, { entitled }]) => [feature, entitled]));
}

describe("a tenant with a history", () => {
  let begin: number;
  beforeAll(async () => {
    begin = app.clock.now;
    await putAs(app, "acme", { name: "Acme", plan: "starter" });
    app.clock.now = begin + 2 * hour;
    await putAs(app, "acme", { name: "Acme", plan: "premium" });
    await trialAs(app, "acme", "branding", { value: { logo: true }, endsAt: begin + 3 * day });
    app.clock.now = begin + 5 * hour;
    await putAs(app, "acme", { name: "Acme renamed", plan: "premium" });
  });

  test("is shown as it was, under a banner, without anything to change it", async () => {
    const text = await overview("acme", { at: isoTime(begin + hour) });
    expect(text).toContain("As of 20 Nov 2026, 11:00 UTC, read only");
    expect(text).toMatch(/Back to today/);
    expect(text).toContain("Plan Starter");
    for (const write of ["Change plan", "Grant trial", "Suspend", "Edit"]) expect([write, text.includes(write)]).toEqual([write, false]);
    const html = await (await admin.get(paths.tenantFeatures("acme", { show: "all", at: isoTime(begin + hour) }))).text();
    expect([...html.matchAll(/href="[^"]*\/(trial|override|grants\/[^"]+|plan|edit|status)(\?[^"]*)?"/g)]).toEqual([]);
  });

  test("lists what differs today, and what was changed in between", async () => {
    const text = await overview("acme", { at: isoTime(begin + hour) });
    expect(text).toMatch(/Changes since Audit trail Then: No Not included in Starter\. Included in Premium\. Today: Yes Part of Premium/);
    expect(text).toMatch(/Single sign-on Then: No/);
    expect(text).toMatch(/Branding Then: No .* Today: \{"logo":true\}/);
    expect(text).toContain("Somebody else renamed Acme to Acme renamed");
    expect(text).toMatch(/changed the plan from Starter to Premium/);
    expect(text).not.toContain("created this tenant");
    const later = await overview("acme", { at: isoTime(begin + 3 * hour) });
    expect(later).toContain("Every feature has the same answer today.");
  });

  test("is shown at a future instant with what time alone will change", async () => {
    const text = await overview("acme", { at: isoTime(begin + 4 * day) });
    expect(text).toMatch(/As of 24 Nov 2026, 10:00 UTC, read only The answers that checks will get then/);
    expect(text).toMatch(/Changes until then Branding Today: \{"logo":true\}/);
    expect(text).not.toContain("Grant trial");
  });

  test("reads a time in the zone of the address, or the reader's", async () => {
    const local = { at: "2026-11-20T12:00" };
    expect(await overview("acme", { ...local, zone: "Europe/Paris" })).toContain("As of 20 Nov 2026, 11:00 UTC");
    expect(await overview("acme", local)).toContain("As of 20 Nov 2026, 12:00 UTC");
    admin.cookies.set("time_zone", "Europe/Paris");
    expect(await overview("acme", local)).toContain("As of 20 Nov 2026, 12:00 CET");
    admin.cookies.delete("time_zone");
  });

  test("has a sentence for each instant that cannot be shown", async () => {
    expect(await overview("acme", { at: isoTime(begin - 1) })).toMatch(
      /Acme renamed did not exist as of 20 Nov 2026, 09:59 UTC Its history begins on 20 Nov 2026, 10:00 UTC/,
    );
    for (const at of ["10000-01-01T00:00", "1969-12-31T00:00:00Z", "2026-02-30", "yesterday", "\0"])
      expect([at, await overview("acme", { at })]).toEqual([
        at,
        expect.stringContaining("That is not a date and time between the years 1970 and 9999"),
      ]);
    expect(await overview("acme", { at: "9999-12-31T23:59" })).toContain("As of 31 Dec 9999, 23:59 UTC, read only");
    expect(await overview("acme", { at: "" })).not.toContain("read only");
  });

  test("has no instant on its other pages", async () => {
    const text = await textOf(await admin.get(paths.tenantGrants("acme", { at: isoTime(begin + hour) })));
    expect(text).not.toContain("read only");
    expect(text).toContain("Grant trial");
  });

  test("says when use at that instant is no longer known", async () => {
    const before = app.clock.now;
    app.clock.now = before + 9 * day;
    admin = await app.signIn("admin", "adm_later");
    expect(await overview("acme", { at: isoTime(before) })).toContain("is known for the last 7 days only");
    expect(await overview("acme", { at: isoTime(before + 3 * day) })).not.toContain("for the last 7 days only");
    app.clock.now = before;
  });

  test("whose key does not exist leads to near ones on each page", async () => {
    for (const path of [paths.tenant("acmee"), paths.tenantFeatures("acmee"), paths.tenantUsage("acmee"), paths.tenantEdit("acme-corp")]) {
      const answer = await admin.get(path);
      expect(answer.status).toBe(404);
      expect(await textOf(answer)).toMatch(/There is no tenant acme\S*\. Did you mean one of these\? Acme renamed/);
    }
    expect(await textOf(await admin.get(paths.tenant("zzz")))).toMatch(/There is no tenant zzz\. No key or name is like it\./);
    // Both loaders of the page throw the answer.
    expect(app.log()).not.toContain("A page failed");
  });
});

test("pages as of any instant show what the API answers for it, after any sequence of changes", async () => {
  const feature = fc.constantFrom("sso", "audit.log", "epics", "api.calls", "support", "branding");
  const value = (key: string) => ({ "api.calls": 7, support: "phone", branding: { a: 1 } })[key];
  const step = fc.oneof(
    fc.record({ kind: fc.constant("plan" as const), plan: fc.constantFrom("starter", "premium", null) }),
    fc.record({ kind: fc.constant("trial" as const), feature, hours: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constant("override" as const), feature, allows: fc.boolean() }),
    fc.record({ kind: fc.constant("end" as const) }),
    fc.record({ kind: fc.constant("use" as const), quantity: fc.integer({ min: 1, max: 80 }) }),
  );
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.integer({ min: 0, max: 30 * 60 })), { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: -60, max: 8 * 24 * 60 }), { minLength: 3, maxLength: 3 }),
      async (steps, minutes) => {
        const tenant = `t${++count}`;
        const begin = app.clock.now;
        await putAs(app, tenant, { name: tenant, plan: "starter" });
        const grants: string[] = [];
        for (const [s, after] of steps) {
          app.clock.now += after * 60_000;
          if (s.kind === "plan") await putAs(app, tenant, { name: tenant, plan: s.plan });
          else if (s.kind === "use")
            await recordUsage(app.services, [
              { tenant, feature: "api.calls", action: "add", quantity: s.quantity, idempotencyKey: `${tenant}-${after}-${grants.length}` },
            ]);
          else if (s.kind === "end") {
            const id = grants.pop();
            const actor = { kind: "cli", id: "test", name: "Test" } as const;
            if (id)
              await changeTenant(app.services, tenant, actor, (facts, _catalogue, stamp) => endGrant(facts as never, { grant: id }, stamp));
          } else {
            const given =
              s.kind === "trial"
                ? trialAs(app, tenant, s.feature, { value: value(s.feature), endsAt: app.clock.now + s.hours * hour })
                : overrideAs(app, tenant, {
                    feature: s.feature,
                    endsAt: null,
                    ...(s.allows ? { effect: "allow", value: value(s.feature) } : { effect: "deny" }),
                  } as never);
            const id = await given.catch(() => null);
            if (id) grants.push(id);
          }
        }
        // A session ends after seven days, which the steps may take.
        admin = await app.signIn("admin", `adm_${count}`);
        for (const at of [...minutes.map((m) => begin + m * 60_000), begin, app.clock.now]) {
          const [shown, answered] = [await shownAnswers(tenant, at), await answersOfApi(tenant, at)];
          // The page of a tenant that did not exist has no features.
          if (at < begin) expect([shown, Object.values(answered).some(Boolean)]).toEqual([{}, false]);
          else expect(shown).toEqual(answered);
        }
      },
    ),
    { numRuns: 15 },
  );
});
