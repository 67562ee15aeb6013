import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hour } from "~/core/time";
import { changeRole, disable, enable, findOneAdmin, invite, listAllAdmins, openLink } from "~/server/admins/admins.server";
import { createOwner, isSetUp, isSetupToken, openSetup, setUpOwner } from "~/server/admins/first-owner.server";
import { acceptInvite, findInvited } from "~/server/admins/invites.server";
import { createKey, listKeys, revokeKey } from "~/server/keys/api-keys.server";
import { countOwners, findCredentials } from "~db/store/admins.server";
import {
  deleteExpiredSessions,
  deleteSession,
  deleteSessionsOf,
  findSession,
  insertSession,
  listSessions,
  setSessionSeen,
} from "~db/store/sessions.server";
import { deleteSetting, readSetting, writeSetting } from "~db/store/settings.server";
import { ada, now } from "../support/facts";
import { engines, startServices, type TestServices } from "../support/services";

const password = "walrus teapot grammar";

describe.each(engines)("people, keys and settings on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
  });
  afterEach(() => s.stop());

  async function invited(email: string, role: "owner" | "viewer" = "viewer") {
    const done = await invite(s, ada, { name: "Bob", email, role });
    if (!done.ok) throw new Error(done.message);
    return done;
  }

  test("an owner is set up once, by the newest link, and known by the address", async () => {
    const [older, token] = [await openSetup(s), (await openSetup(s)) ?? ""];
    expect([await isSetupToken(s, older ?? ""), await isSetupToken(s, token), await isSetUp(s)]).toEqual([false, true, false]);
    const form = { name: "Ada", email: "ada@example.com", password };
    expect(await setUpOwner(s, older ?? "", form)).toMatchObject({ ok: false });
    const done = await setUpOwner(s, token, form);
    expect(done).toMatchObject({
      ok: true,
      admin: { role: "owner", hasPassword: true, createdAt: now, createdBy: "Ada", lastSignInAt: null },
    });
    expect(await setUpOwner(s, token, { ...form, email: "eve@example.com" })).toMatchObject({ ok: false });
    expect([await isSetUp(s), await openSetup(s)]).toEqual([true, null]);
    const found = await findCredentials(s.db.read, s.db.tables, { email: "ada@example.com" });
    expect(await s.passwords.verify(found?.passwordHash ?? null, password)).toBe(true);
    expect(await createOwner(s, ada, form)).toMatchObject({ ok: false, field: "email" });
  });

  test("an invitation is accepted by one of two at once, and what changes an admin is read back as it was written", async () => {
    const { admin, token } = await invited("bob@example.com");
    expect(await invite(s, ada, { name: "Bo", email: "bob@example.com", role: "viewer" })).toMatchObject({ ok: false, field: "email" });
    expect(await findInvited(s, token)).toEqual(admin);
    const both = await Promise.all([acceptInvite(s, token, password), acceptInvite(s, token, password)]);
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect(await findInvited(s, token)).toBeNull();
    await disable(s, ada, admin.id);
    expect(await findOneAdmin(s, admin.id)).toMatchObject({ disabledAt: now, inviteExpiresAt: null });
    await enable(s, ada, admin.id);
    await changeRole(s, ada, admin.id, "admin");
    await openLink(s, ada, admin.id);
    expect(await findOneAdmin(s, admin.id)).toEqual({
      ...admin,
      role: "admin",
      hasPassword: true,
      inviteExpiresAt: now + 7 * 24 * hour,
    });
    await invited("ann@example.com");
    expect((await listAllAdmins(s)).map(({ email }) => email)).toEqual(["ann@example.com", "bob@example.com"]);
  });

  test("of two owners who are both taken the role at once one stays", async () => {
    const owners = [await invited("a@example.com", "owner"), await invited("b@example.com", "owner")];
    for (const { token } of owners) await acceptInvite(s, token, password);
    expect(await countOwners(s.db.read, s.db.tables)).toBe(2);
    const done = await Promise.all(
      owners.map(({ admin }, i) => (i === 0 ? disable(s, ada, admin.id) : changeRole(s, ada, admin.id, "viewer"))),
    );
    expect(done.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect(await countOwners(s.db.read, s.db.tables)).toBe(1);
  });

  test("sessions are found with their admin, seen, listed and ended: one, all but one, those past their end", async () => {
    const { admin } = await invited("bob@example.com");
    const { db } = s;
    const session = (hash: string, more = {}) => ({
      hash,
      admin: admin.id,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + hour,
      ...more,
    });
    const hashes = async () => (await listSessions(db.read, db.tables, admin.id)).map(({ hash }) => hash);
    await db.transaction([], async (tx) => {
      for (const hash of ["a", "b", "c"]) await insertSession(tx, db.tables, session(hash));
      await insertSession(tx, db.tables, session("old", { expiresAt: now }));
      await setSessionSeen(tx, db.tables, "b", now + 1);
    });
    expect(await findSession(db.read, db.tables, "b")).toEqual({ session: session("b", { lastSeenAt: now + 1 }), admin });
    expect(await findSession(db.read, db.tables, "none")).toBeNull();
    expect((await hashes())[0]).toBe("b");
    await db.transaction([], (tx) => deleteExpiredSessions(tx, db.tables, now));
    expect((await hashes()).sort()).toEqual(["a", "b", "c"]);
    await db.transaction([], (tx) => deleteSession(tx, db.tables, "a"));
    await db.transaction([], (tx) => deleteSessionsOf(tx, db.tables, admin.id, "c"));
    expect(await hashes()).toEqual(["c"]);
    await db.transaction([], (tx) => deleteSessionsOf(tx, db.tables, admin.id));
    expect(await hashes()).toEqual([]);
  });

  test("a key is listed as it was made, known in memory, used, revoked once, and gone from another process's memory", async () => {
    const other = await startServices(engine, { url: s.url });
    const form = { name: "App", scopes: ["check", "manage"] as const, expiresAt: now + hour };
    const { id, key } = await createKey(s, ada, { ...form, scopes: [...form.scopes] });
    expect(s.keys.verify(key, now)).toMatchObject({ id, name: "App", scopes: ["check", "manage"] });
    await s.keys.flush();
    const [listed] = await listKeys(s);
    expect(listed).toMatchObject({ ...form, id, createdAt: now, createdBy: "Ada", revokedAt: null, lastUsedAt: now });

    const seenElsewhere = async () => {
      await new Promise(setImmediate);
      await other.facts.look();
      await other.keys.refresh();
      return other.keys.verify(key, now);
    };
    await expect.poll(seenElsewhere, { timeout: 5_000 }).toMatchObject({ id });
    expect(await revokeKey(s, ada, id)).toBe("revoked");
    expect(s.keys.verify(key, now)).toBe("revoked");
    await expect.poll(seenElsewhere, { timeout: 5_000 }).toBe("revoked");
    await other.stop();
  });

  test("a setting is any JSON, is replaced, and is null when nobody set it", async () => {
    const { db } = s;
    const set = (value: Parameters<typeof writeSetting>[3]) => db.transaction([], (tx) => writeSetting(tx, db.tables, "x", value));
    expect(await readSetting(db.read, db.tables, "x")).toBeNull();
    for (const value of ["10", 10, { b: 1, a: [true] }]) {
      await set(value);
      expect(JSON.stringify(await readSetting(db.read, db.tables, "x"))).toBe(JSON.stringify(value));
    }
    await db.transaction([], (tx) => deleteSetting(tx, db.tables, "x"));
    expect(await readSetting(db.read, db.tables, "x")).toBeNull();
  });
});
