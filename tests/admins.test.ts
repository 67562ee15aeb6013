import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { changeRole, disable, findOneAdmin, invite, openLink } from "~/server/admins/admins.server";
import { acceptInvite } from "~/server/admins/invites.server";
import { listAudit } from "~db/store/audit.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { ada as operator } from "./support/facts";

const week = 7 * day;
const password = "walrus teapot grammar";

let app: TestApp;
let owner: Browser;
beforeAll(async () => {
  app = await startTestApp();
  owner = await app.signIn("owner");
});
afterAll(() => app.close());

const linkIn = (html: string) => /http:\/\/127\.0\.0\.1:\d+(\/invite\/[\w-]{43})/.exec(html)?.[1] ?? "";
const auditOf = async (id: string) => {
  const { db } = app.services;
  return (await listAudit(db.read, db.tables, { subjectKind: "admin", subject: id }, { size: 100 })).reverse();
};

async function inviteByPage(email: string, role = "viewer") {
  const page = await owner.post("/people/invite", { name: "Bob", email, role });
  return { status: page.status, html: await page.text() };
}

describe("an invitation", () => {
  test("is a link, shown once, that sets a password, signs in and then is worth nothing", async () => {
    const { status, html } = await inviteByPage("Bob@Example.com", "admin");
    expect(status).toBe(200);
    const link = linkIn(html);
    expect((await (await owner.get("/people")).text()).includes(link.slice(8))).toBe(false);

    const bob = app.browser();
    expect(await (await bob.get(link)).text()).toContain("bob@example.com");
    expect((await bob.post(link, { password: "too short" })).status).toBe(422);
    const accepted = await bob.post(link, { password });
    expect([accepted.status, accepted.headers.get("location")]).toEqual([302, "/"]);
    expect(await (await bob.get("/account")).text()).toContain("Your password is set and you are signed in.");

    expect((await app.browser().get(link)).status).toBe(404);
    expect((await app.browser().post(link, { password: "another long sentence" })).status).toBeGreaterThanOrEqual(400);
    expect((await app.browser().post("/sign-in", { email: "bob@example.com", password })).status).toBe(302);
  });

  test("lasts seven days, to the millisecond", async () => {
    const invited = await invite(app.services, operator, { name: "Cleo", email: "cleo@example.com", role: "viewer" });
    if (!invited.ok) throw new Error(invited.message);
    const start = app.clock.now;
    app.clock.now = start + week;
    expect((await acceptInvite(app.services, invited.token, password)).ok).toBe(false);
    app.clock.now = start + week - 1;
    expect((await acceptInvite(app.services, invited.token, password)).ok).toBe(true);
    app.clock.now = start;
  });

  test("made anew ends the one before, and so does disabling", async () => {
    const first = await invite(app.services, operator, { name: "Dan", email: "dan@example.com", role: "viewer" });
    if (!first.ok) throw new Error(first.message);
    const second = await openLink(app.services, operator, first.admin.id);
    if (!second.ok) throw new Error(second.message);
    expect((await app.browser().get(`/invite/${first.token}`)).status).toBe(404);
    expect((await app.browser().get(`/invite/${second.token}`)).status).toBe(200);
    await disable(app.services, operator, first.admin.id);
    expect((await app.browser().get(`/invite/${second.token}`)).status).toBe(404);
    expect((await openLink(app.services, operator, first.admin.id)).ok).toBe(false);
  });

  test("used by two at the same moment works for one", async () => {
    const invited = await invite(app.services, operator, { name: "Eve", email: "eve@example.com", role: "viewer" });
    if (!invited.ok) throw new Error(invited.message);
    const both = await Promise.all([password, "another long sentence"].map((p) => acceptInvite(app.services, invited.token, p)));
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
  });

  test("for an address that is taken, in whatever case, or that is none, is refused beside the field with all that was entered", async () => {
    await inviteByPage("fay@example.com");
    const taken = await inviteByPage("FAY@example.com ");
    expect(taken.status).toBe(422);
    expect(taken.html).toContain("There is an admin with this e-mail address already.");
    expect(taken.html).toContain('value="Bob"');
    const none = await inviteByPage("fay at example");
    expect([none.status, none.html.includes("That is not an e-mail address.")]).toEqual([422, true]);
  });
});

describe("an owner is always left:", () => {
  test("the last one who can sign in is neither disabled nor given another role", async () => {
    const id = "adm_owner";
    const invited = await invite(app.services, operator, { name: "Gus", email: "gus@example.com", role: "owner" });
    if (!invited.ok) throw new Error(invited.message);
    for (const form of [{ intent: "disable" }, { intent: "role", role: "admin" }]) {
      const refused = await owner.post(`/people/${id}`, form as unknown as Record<string, string>);
      expect([refused.status, (await refused.text()).includes("Latchkey would have no owner left who can sign in.")]).toEqual([409, true]);
    }
    expect(await findOneAdmin(app.services, id)).toMatchObject({ role: "owner", disabledAt: null });

    await acceptInvite(app.services, invited.token, password);
    const both = await Promise.all([id, invited.admin.id].map((who) => changeRole(app.services, operator, who, "viewer")));
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    await changeRole(app.services, operator, id, "owner");
  });
});

test("each change leaves one line in the audit log, in the order made, and what changes nothing leaves none", async () => {
  const { html } = await inviteByPage("hal@example.com");
  const link = linkIn(html);
  const invited =
    (await (await owner.get("/people")).text()).match(/\/people\/(adm_\w+)"[^>]*>[^<]*<\/a><[^>]*>hal@example\.com/)?.[1] ?? "";
  await app.browser().post(link, { password });
  const page = `/people/${invited}`;
  await owner.post(page, { intent: "role", role: "admin" });
  await owner.post(page, { intent: "role", role: "admin" });
  await owner.post(page, { intent: "link" });
  await owner.post(page, { intent: "disable" });
  await owner.post(page, { intent: "disable" });
  await owner.post(page, { intent: "enable" });
  const rows = await auditOf(invited);
  expect(rows.map(({ action, actorName, before, after }) => ({ action, actorName, before, after }))).toEqual([
    { action: "admin.invited", actorName: "The owner", before: null, after: { name: "Bob", email: "hal@example.com", role: "viewer" } },
    { action: "admin.invite_accepted", actorName: "Bob", before: null, after: null },
    { action: "admin.signed_in", actorName: "Bob", before: null, after: { from: "127.0.0.1" } },
    { action: "admin.role_changed", actorName: "The owner", before: { role: "viewer" }, after: { role: "admin" } },
    {
      action: "admin.reset_link_made",
      actorName: "The owner",
      before: null,
      after: { expiresAt: new Date(app.clock.now + week).toISOString() },
    },
    { action: "admin.disabled", actorName: "The owner", before: { disabled: false }, after: { disabled: true } },
    { action: "admin.enabled", actorName: "The owner", before: { disabled: true }, after: { disabled: false } },
  ]);
});

test("everybody signed in sees who the admins are; only an owner is offered to change them", async () => {
  const viewer = await app.signIn("viewer");
  const list = await (await viewer.get("/people")).text();
  expect(list).toContain("adm_owner@example.com");
  expect(list).not.toContain("Invite admin");
  const one = await (await viewer.get("/people/adm_owner")).text();
  expect(one).not.toContain("Disable account");
  expect(await (await owner.get("/people/adm_owner")).text()).toContain("Disable account");
  expect((await viewer.get("/people/nobody")).status).toBe(404);
});
