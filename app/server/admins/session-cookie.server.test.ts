import { expect, test } from "vitest";
import { randomToken } from "~/server/random.server";
import { endSessionCookie, readSessionToken, sessionCookie } from "./session-cookie.server";

const plain = { publicUrl: null };
const lan = { publicUrl: "http://latchkey.lan" };
const https = { publicUrl: "https://latchkey.example.com" };
const token = randomToken();

test("the cookie is out of script's reach and stays on this origin; with https it is bound to the host and to https", () => {
  for (const where of [plain, lan]) expect(sessionCookie(token, where)).toBe(`sid=${token}; Path=/; HttpOnly; SameSite=Lax`);
  expect(sessionCookie(token, https)).toBe(`__Host-sid=${token}; Path=/; HttpOnly; SameSite=Lax; Secure`);
  expect(endSessionCookie(https)).toBe("__Host-sid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure");
});

test("it is found among others", () => {
  expect(readSessionToken(`a=b; sid=${token}; theme=dark`, plain)).toBe(token);
  expect(readSessionToken(`__Host-sid=${token}`, https)).toBe(token);
});

test("a missing, broken, doubled or wrongly named cookie is simply nobody", () => {
  const broken = [null, "", "sid", "sid=", `sid=${token}x`, `sid=${token.slice(1)}`, `sid="${token}"`, `sid=%00${token}`, `xsid=${token}`];
  for (const cookie of [
    ...broken,
    `sid=${token}; sid=${token}`,
    `sid=${token}; sid=x`,
    `SID=${token}`,
    "sid=__proto__",
    `sid=${"é".repeat(43)}`,
  ]) {
    expect(readSessionToken(cookie, plain)).toBeNull();
  }
  expect(readSessionToken(`sid=${token}`, https)).toBeNull();
  expect(readSessionToken(`__Host-sid=${token}`, plain)).toBeNull();
});
