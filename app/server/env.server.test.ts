import { describe, expect, test } from "vitest";
import { hour, minute } from "~/core/time";
import { EnvProblem, readEnv } from "./env.server";

const sentenceFor = (source: Record<string, string>) => {
  try {
    readEnv(source);
  } catch (error) {
    if (error instanceof EnvProblem) return error.message;
    throw error;
  }
  return null;
};

test("nothing has to be set, and what is set empty counts as not set", () => {
  const plain = readEnv({});
  expect(plain).toMatchObject({
    databaseUrl: "file:./data/latchkey.db",
    host: "127.0.0.1",
    port: 3000,
    publicUrl: null,
    trustProxy: false,
  });
  expect(plain).toMatchObject({ production: true, owner: null, sessionIdleMs: 30 * minute, sessionMaxMs: 12 * hour });
  expect(readEnv({ PORT: "", PUBLIC_URL: "", TRUST_PROXY: "", LATCHKEY_OWNER_EMAIL: "", DATABASE_URL: "" })).toEqual(plain);
});

describe("a wrong value is refused with a sentence that names it:", () => {
  test.each([
    [{ PORT: "http" }, "PORT has to be a whole number from 0 to 65535."],
    [{ PORT: "65536" }, "PORT has to be a whole number from 0 to 65535."],
    [{ PORT: "1e3" }, "PORT has to be a whole number from 0 to 65535."],
    [{ DATABASE_URL: "mysql://a" }, "DATABASE_URL has to begin with file: (SQLite) or postgres:// (PostgreSQL)."],
    [{ LOG_LEVEL: "loud" }, "LOG_LEVEL has to be one of fatal, error, warn, info, debug, trace, silent."],
    [{ SESSION_IDLE_MINUTES: "0" }, "SESSION_IDLE_MINUTES has to be a whole number from 1 to 10080."],
    [{ LATCHKEY_OWNER_EMAIL: "ada@example.com" }, "LATCHKEY_OWNER_EMAIL and LATCHKEY_OWNER_PASSWORD go together: set both, or neither."],
    [{ LATCHKEY_OWNER_PASSWORD: "x" }, "LATCHKEY_OWNER_EMAIL and LATCHKEY_OWNER_PASSWORD go together: set both, or neither."],
  ])("%o", (source, sentence) => {
    expect(sentenceFor(source as Record<string, string>)).toBe(sentence);
  });

  test("two at once are both named", () => {
    expect(sentenceFor({ PORT: "x", LOG_LEVEL: "x" })?.split("\n")).toHaveLength(2);
  });
});

test("PUBLIC_URL is an origin and nothing more", () => {
  for (const [given, origin] of [
    ["https://latchkey.example.com", "https://latchkey.example.com"],
    ["https://Latchkey.example.com:443/", "https://latchkey.example.com"],
    ["http://10.0.0.7:3000", "http://10.0.0.7:3000"],
  ] as const) {
    expect(readEnv({ PUBLIC_URL: given }).publicUrl).toBe(origin);
  }
  for (const bad of [
    "latchkey.example.com",
    "https://a.example/latchkey",
    "https://a.example/?x",
    "ftp://a.example",
    "https://me@a.example",
  ]) {
    expect(sentenceFor({ PUBLIC_URL: bad })).toMatch(/^PUBLIC_URL has to be a bare origin/);
  }
});

test("TRUST_PROXY is false, a number of proxies, or their addresses and ranges", () => {
  expect(readEnv({ TRUST_PROXY: "false" }).trustProxy).toBe(false);
  expect(readEnv({ TRUST_PROXY: "0" }).trustProxy).toBe(false);
  expect(readEnv({ TRUST_PROXY: "1" }).trustProxy).toBe(1);
  expect(readEnv({ TRUST_PROXY: "10" }).trustProxy).toBe(10);
  expect(readEnv({ TRUST_PROXY: "10.0.0.1, 192.168.0.0/16,::1" }).trustProxy).toEqual(["10.0.0.1", "192.168.0.0/16", "::1"]);
  for (const bad of ["yes", "-1", "11", "1.5", "10.0.0.0/33", "10.0.0.1,", "1,2", "proxy.example.com"]) {
    expect(sentenceFor({ TRUST_PROXY: bad })).toMatch(/^TRUST_PROXY has to be the number of proxies/);
  }
});

test("TRUST_PROXY=true is refused with what to write instead", () => {
  expect(sentenceFor({ TRUST_PROXY: "true" })).toMatch(
    /^TRUST_PROXY cannot be true: clients could then choose .* the number of proxies in front of Latchkey, such as 1, or their addresses, such as 10\.0\.0\.1/,
  );
});

test("only NODE_ENV=development is development", () => {
  expect(readEnv({ NODE_ENV: "development" }).production).toBe(false);
  for (const other of ["", "production", "test", "dev", "staging"]) expect(readEnv({ NODE_ENV: other }).production).toBe(true);
});
