import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { curlLine, ofrepLine } from "./curl";

/** The arguments a shell passes to curl. */
function argumentsOf(line: string): string[] {
  const script = `curl() { printf '%s\\n' "$@"; }; LATCHKEY_KEY=secret; ${line}`;
  return execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" }).trimEnd().split("\n");
}

describe("the line to copy reaches curl whole, whatever the key", () => {
  test.each(["acme", "a b", 'say "hi"', "it's", "$(touch x)", "`id`", "a&b=c#d", "!!", "\\", "🦊", "%", "a/b?c"])("%s", (tenant) => {
    const [flag, header, url = ""] = argumentsOf(curlLine("http://127.0.0.1:3000", tenant, ["sso", "api.calls"]));
    expect([flag, header]).toEqual(["-H", "Authorization: Bearer secret"]);
    const { origin, pathname, searchParams } = new URL(url);
    expect([origin, pathname]).toEqual(["http://127.0.0.1:3000", "/api/entitlements"]);
    expect([...searchParams]).toEqual([
      ["tenant", tenant],
      ["feature", "sso"],
      ["feature", "api.calls"],
    ]);
  });

  test("an origin that a shell would run is only text", () => {
    expect(argumentsOf(curlLine("http://$(id)`id`.example", "acme"))[2]).toBe("http://$(id)`id`.example/api/entitlements?tenant=acme");
  });
});

test("user, amount, time and trace are asked for with the features", () => {
  const url = argumentsOf(
    curlLine("http://localhost", "acme", ["sso"], { user: "it's $me", requested: 0, at: "2026-12-13T18:12:00.000Z", explain: true }),
  )[2];
  expect([...new URL(url ?? "").searchParams]).toEqual([
    ["tenant", "acme"],
    ["feature", "sso"],
    ["user", "it's $me"],
    ["requested", "0"],
    ["at", "2026-12-13T18:12:00.000Z"],
    ["explain", "1"],
  ]);
});

test.each(["acme", "it's", 'say "hi"', "$(id)", "\\", "🦊"])("the OFREP line for %j sends one JSON document", (tenant) => {
  const sent = argumentsOf(ofrepLine("http://localhost", tenant, "sso"));
  expect(JSON.parse(sent[sent.indexOf("-d") + 1] ?? "")).toEqual({ context: { targetingKey: tenant } });
  expect(sent.at(-1)).toBe("http://localhost/ofrep/v1/evaluate/flags/sso");
});
