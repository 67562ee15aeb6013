import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { hour } from "~/core/time";
import { invite, openLink } from "~/server/admins/admins.server";
import { openSetup } from "~/server/admins/first-owner.server";
import { acceptInvite } from "~/server/admins/invites.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { ada as operator } from "./support/facts";

const password = "walrus teapot grammar";
const email = "ada@example.com";

let app: TestApp;
let id: string;
beforeAll(async () => {
  app = await startTestApp({ env: { TRUST_PROXY: "1" } });
  const invited = await invite(app.services, operator, { name: "Ada", email, role: "owner" });
  if (!invited.ok) throw new Error(invited.message);
  id = invited.admin.id;
  await acceptInvite(app.services, invited.token, password);
});
afterAll(() => app.close());

const from = (address: string) => ({ "x-forwarded-for": address });
const tryIn = (browser: Browser, given: string, address: string) => browser.post("/sign-in", { email, password: given }, from(address));

test("the right password from another address signs in each time while one address polls with wrong ones", async () => {
  for (let i = 0; i < 30; i++) {
    const wrong = await tryIn(app.browser(), "wrong", "192.0.2.66");
    expect([400, 429]).toContain(wrong.status);
    expect((await tryIn(app.browser(), password, `198.51.100.${i}`)).status).toBe(302);
    app.clock.now += 1_000;
  }
  const refused = await tryIn(app.browser(), password, "192.0.2.66");
  expect([refused.status, Number(refused.headers.get("retry-after"))]).toEqual([429, expect.any(Number)]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  app.clock.now += 2 * hour;
});

test("a browser that signed in before is not made to wait behind an address that guesses, until the password is changed", async () => {
  const known = app.browser();
  expect((await tryIn(known, password, "192.0.2.7")).status).toBe(302);
  expect(known.cookies.get("device")).toMatch(/^[\w-]{22}\.\d{13}\.[\w-]{43}$/);
  known.cookies.delete("sid");
  const neighbours = async () => {
    for (let i = 0; i < 30; i++) await tryIn(app.browser(), "wrong", "192.0.2.7");
  };
  await neighbours();
  expect((await tryIn(app.browser(), password, "192.0.2.7")).status).toBe(429);
  expect((await tryIn(known, password, "192.0.2.7")).status).toBe(302);
  known.cookies.delete("sid");

  app.clock.now += 2 * hour;
  const linked = await openLink(app.services, operator, id);
  if (!linked.ok) throw new Error(linked.message);
  await acceptInvite(app.services, linked.token, password);
  await neighbours();
  expect((await tryIn(known, password, "192.0.2.7")).status).toBe(429);
  app.clock.now += 2 * hour;
});

test("its own wrong passwords make a known browser wait", async () => {
  const known = app.browser();
  expect((await tryIn(known, password, "192.0.2.8")).status).toBe(302);
  known.cookies.delete("sid");
  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push((await tryIn(known, "wrong", `203.0.113.${i}`)).status);
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
  app.clock.now += 2 * hour;
});

test("made-up entries at the left of X-Forwarded-For neither get past the limit nor reach the audit log", async () => {
  const statuses = [];
  for (let i = 0; i < 25; i++) statuses.push((await tryIn(app.browser(), "wrong", `<b>${i}</b>, 9.9.9.${i}, 192.0.2.99`)).status);
  expect(statuses.filter((status) => status === 400)).toHaveLength(5);
  await tryIn(app.browser(), "wrong", "<script>x</script>");
  const { db } = app.services;
  const rows = JSON.stringify(await db.read.select().from(db.tables.audit));
  expect(rows).toContain("192.0.2.99");
  expect(rows).not.toMatch(/<b>|<script>|9\.9\.9\./);
});

test("no password is hashed for a form whose link is nobody's", async () => {
  const fresh = await startTestApp();
  await openSetup(fresh.services);
  const hash = vi.spyOn(fresh.services.passwords, "hash");
  const verify = vi.spyOn(fresh.services.passwords, "verify");
  const owner = { name: "Eve", email: "eve@example.com", password };
  for (const token of ["x", "A".repeat(43)]) {
    expect((await fresh.browser().post(`/setup/${token}`, owner)).status).toBe(422);
    expect((await fresh.browser().post(`/invite/${token}`, owner)).status).toBe(422);
  }
  expect([hash.mock.calls, verify.mock.calls]).toEqual([[], []]);
  await fresh.close();
});

test("more passwords at once than can be looked at soon are refused, and known browsers go first", async () => {
  const { passwords } = app.services;
  const order: string[] = [];
  const noting = (who: string, is: boolean | null) => {
    order.push(who);
    return is;
  };
  const looked = Array.from({ length: 150 }, () => passwords.verify(null, "wrong").then((is) => noting("stranger", is)));
  const known = passwords.verify(null, "wrong", { goesFirst: true }).then((is) => noting("known", is));
  const all = await Promise.all(looked);
  expect(await known).toBe(false);
  expect(all.filter((is) => is === null)).toHaveLength(150 - 102);
  // Those that were refused at once come first.
  expect(order.slice(48).indexOf("known")).toBeLessThan(10);
});
