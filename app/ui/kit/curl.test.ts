import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { curlLine } from "./curl";

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
