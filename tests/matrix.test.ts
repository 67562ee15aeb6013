import { afterAll, beforeAll, expect, test } from "vitest";
import { isoDay } from "~/core/time";
import { paths } from "~/paths";
import { recordUsage } from "~/server/usage/usage.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { now } from "./support/facts";
import { textOf } from "./support/page-text";
import { overrideAs, putAs, seedCatalogue, trialAs } from "./support/tenant-world";

let app: TestApp;
let viewer: Browser;
const read = async (path: string) => textOf(await viewer.get(path));
const html = async (path: string) => (await (await viewer.get(path)).text()).replaceAll("<!-- -->", "");
/** Words of a tenant's cells. */
const cellsOf = (page: string, tenant: string) => {
  const row = page.split("<tr").find((part) => part.includes(`href="/tenants/${tenant}"`)) ?? "";
  return [...row.matchAll(/<td data-s="(.)"><a [^>]*>([^<]*)<i>([^<]*)<\/i>/g)].map(
    ([, state, value, words]) => `${state} ${value} ${words}`,
  );
};

beforeAll(async () => {
  app = await startTestApp();
  viewer = await app.signIn("viewer");
});
afterAll(() => app.close());

test("without features and without tenants the page says what will appear", async () => {
  expect(await read(paths.matrix([]))).toContain("No features yet");
  await seedCatalogue(app);
  expect(await read(paths.matrix([]))).toContain("No tenants yet");
});

test("a cell has the value and the source, in words and not only in colour", async () => {
  await putAs(app, "acme", { name: "Acme", plan: "starter", metadata: { region: "eu" } });
  await putAs(app, "globex", { name: "Globex", plan: "premium", addOns: ["phone"] });
  await putAs(app, "hooli", { name: "Hooli", plan: "starter", status: "suspended" });
  await trialAs(app, "acme", "sso");
  await overrideAs(app, "globex", { feature: "epics", effect: "deny" });
  await overrideAs(app, "acme", { feature: "audit.log", effect: "allow" });
  await recordUsage(app.services, [{ tenant: "acme", feature: "api.calls", action: "add", quantity: 100, idempotencyKey: "a" }]);
  const page = await html(paths.matrix(["sso", "api.calls", "epics", "support", "audit.log"]));
  expect(cellsOf(page, "acme")).toEqual(["t  Trial", "l 100 Full", "p  Plan", "p community Plan", "o  Override"]);
  expect(cellsOf(page, "globex")).toEqual(["p  Plan", "p 1,000 Plan", "d  Denied", "a phone Add-on", "p  Plan"]);
  expect(cellsOf(page, "hooli")).toEqual(Array.from({ length: 5 }, () => "s  Suspended"));
  expect(page).toContain('href="/tenants/acme/features?q=api.calls"');
});

test("rows have the filters of the list of tenants", async () => {
  const names = async (query: Record<string, string>) => {
    const page = await html(paths.matrix(["sso"], query));
    return ["acme", "globex", "hooli"].filter((key) => cellsOf(page, key).length > 0);
  };
  expect(await names({})).toEqual(["acme", "globex", "hooli"]);
  expect(await names({ q: "glo" })).toEqual(["globex"]);
  expect(await names({ plan: "phone" })).toEqual(["globex"]);
  expect(await names({ status: "suspended" })).toEqual(["hooli"]);
  expect(await names({ trial: "live" })).toEqual(["acme"]);
  expect(await names({ trial: "1" })).toEqual([]);
  expect(await names({ addOn: "phone" })).toEqual(["globex"]);
  expect(await names({ metaKey: "region", metaValue: "eu" })).toEqual(["acme"]);
  const page = await html(paths.matrix(["sso"], { metaKey: "region", metaValue: "eu" }));
  for (const label of ["Plan", "Status", "Trials", "Add-on", "Metadata key", "Metadata value"])
    expect(page).toContain(`aria-label="${label}"`);
  expect(page).not.toContain('name="through"');
  expect(await read(paths.matrix(["sso"], { q: "zzz" }))).toContain("No tenant matches");
});

test("columns are the most asked features, a plan's, or those that were chosen", async () => {
  const columns = async (path: string) =>
    [...(await html(path)).matchAll(/title="[^"]* \(([^)]+)\)" class="line-clamp-2/g)].map(([, key]) => key);
  const counted = { tenant: "acme", day: isoDay(now), allowed: true, source: "plan", firstAt: now, lastAt: now };
  await app.services.db.transaction([], (tx) =>
    putCheckCounts(tx, app.services.db.tables, [
      { ...counted, feature: "support", count: 9 },
      { ...counted, feature: "epics", count: 7 },
      { ...counted, feature: "*", count: 70 },
    ]),
  );
  await app.services.figures.pass();
  expect((await columns(paths.matrix([]))).slice(0, 2)).toEqual(["support", "epics"]);
  expect(await columns(paths.matrix([]))).not.toContain("old");
  expect(await columns(paths.matrix([], { of: "starter" }))).toEqual(["api.calls", "epics", "support"]);
  expect(await columns(paths.matrix(["sso", "branding"]))).toEqual(["sso", "branding"]);
});

test("a feature is added by its key or by words, and several are offered", async () => {
  const added = await viewer.get(`${paths.matrix(["epics"], { q: "a" })}&add=single`);
  expect(added.headers.get("location")).toBe("/matrix?feature=epics&feature=sso&q=a");
  const several = await html(`${paths.matrix(["epics"])}&add=a`);
  expect(several).toContain("Several features match “a”");
  expect(several).toContain('href="/matrix?feature=epics&amp;feature=audit.log"');
  expect(await read(`${paths.matrix(["epics"])}&add=zzz`)).toContain("No feature is called “zzz”");
});

test("what an address names that is gone has its sentence", async () => {
  expect(await read(paths.matrix(["sso", "nothing", "old"]))).toContain("no such features or they are archived: nothing, old.");
  expect(await read(paths.matrix([], { of: "gone" }))).toContain("There is no plan gone.");
  for (const query of [
    "after=nonsense",
    "feature=%00",
    "of=%00&add=%00",
    "status=x&trial=y",
    `${"feature=sso&".repeat(3)}q=${"x".repeat(300)}`,
  ]) {
    expect([query, (await viewer.get(`/matrix?${query}`)).status]).toEqual([query, 200]);
  }
  const many = Array.from({ length: 31 }, (_, i) => `f${i}`);
  expect(await read(paths.matrix([...many, "sso"]))).toContain("A page has up to 30 columns");
});

test("pages follow each other without JavaScript, each tenant once", async () => {
  for (let i = 0; i < 60; i++) await putAs(app, `many-${i}`, { name: `Many ${i}` });
  const seen: string[] = [];
  for (let path: string | undefined = paths.matrix(["sso"], { q: "many" }); path; ) {
    const page: string = await html(path);
    seen.push(...[...page.matchAll(/href="\/tenants\/(many-\d+)" title/g)].map(([, key]) => key as string));
    path = /href="(\/matrix\?[^"]+)"[^>]*>Next page/.exec(page)?.[1]?.replaceAll("&amp;", "&");
  }
  expect(seen).toHaveLength(60);
  expect(new Set(seen).size).toBe(60);
});
