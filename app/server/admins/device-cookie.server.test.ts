import { expect, test } from "vitest";
import { day } from "~/core/time";
import { deviceCookie, hasDeviceCookie, knownDevice } from "./device-cookie.server";

const now = Date.UTC(2026, 10, 20, 10);
const http = { publicUrl: null };
const https = { publicUrl: "https://latchkey.example.com" };
const ada = { admin: "adm_ada", passwordHash: "$argon2id$v=19$m=19456,t=2,p=1$salt$hash" };
const made = (where: { publicUrl: string | null } = http) => deviceCookie(ada.admin, ada.passwordHash, now, where);
const pair = (cookie: string) => cookie.split(";")[0] ?? "";

test("it is kept from scripts, from other sites and, behind https, from plain connections", () => {
  expect(made()).toMatch(/^device=[\w-]{22}\.\d{13}\.[\w-]{43}; Path=\/; Max-Age=15552000; HttpOnly; SameSite=Lax$/);
  expect(made(https)).toMatch(/^__Host-device=.*; Path=\/; .*HttpOnly; SameSite=Lax; Secure$/);
});

test("it is worth something for 180 days, to the millisecond, for its account and its password", () => {
  const cookie = `sid=x; ${pair(made())}; theme=dark`;
  const known = (account: typeof ada | null, at: number) => knownDevice(cookie, account, at, http);
  expect(known(ada, now)).toMatch(/^[\w-]{22}$/);
  expect(known(ada, now + 180 * day - 1)).not.toBeNull();
  expect(known(ada, now + 180 * day)).toBeNull();
  expect(known({ ...ada, passwordHash: `${ada.passwordHash}x` }, now)).toBeNull();
  expect(known({ ...ada, admin: "adm_bob" }, now)).toBeNull();
  expect(known(null, now)).toBeNull();
});

test("one that was made up or changed is worth nothing", () => {
  const [id = "", expires = "", mac = ""] = pair(made()).slice("device=".length).split(".");
  const values = [
    "",
    "x",
    `${id}.${Number(expires) + 1}.${mac}`,
    `${"A".repeat(22)}.${expires}.${mac}`,
    `${id}.${expires}.${"A".repeat(43)}`,
    `${id}.${expires}.${mac}x`,
    `${id}.9999999999999.${mac}`,
    "x".repeat(8_000),
  ];
  for (const value of values) expect(knownDevice(`device=${value}`, ada, now, http)).toBeNull();
  expect([hasDeviceCookie(null, http), hasDeviceCookie("sid=x", http), hasDeviceCookie(pair(made()), http)]).toEqual([false, false, true]);
});
