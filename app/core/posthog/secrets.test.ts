import { describe, expect, test } from "vitest";
import { measured } from "~tests/measured";
import { maskSecrets } from "./secrets";

describe("maskSecrets hides", () => {
  test.each([
    ["an API key", "key lk_live_abcdefgh end", "key lk_live_hidden end"],
    ["a bearer token", "Authorization: Bearer abcdefghij", "Authorization: hidden hidden"],
    ["a JSON web token", "got eyJhbGciOi.eyJzdWIi.c2ln!", "got hidden!"],
    ["the credentials of an address", "open postgres://ada:s3cret@db/latchkey", "open postgres://hidden@db/latchkey"],
    ["the credentials of an address in a setting", "DATABASE_URL=postgres+ssl://ada:s3cret@db", "DATABASE_URL=postgres+ssl://hidden@db"],
    ["a quoted password in JSON", '{"userPassword": "a b", "x": 1}', '{"userPassword": hidden, "x": 1}'],
    ["a token in a query", "GET /x?api-key=abc&y=1", "GET /x?api-key=hidden&y=1"],
    ["a header behind another word", "x-session-cookie: abc", "x-session-cookie: hidden"],
    ["one of our own tokens", `at /setup/${"q".repeat(43)}`, "at /setup/hidden"],
  ])("%s", (_what, text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
  });
});

const pieces = [
  "a.",
  "a",
  "-",
  "eyJ-",
  "eyJ.",
  "password",
  "token ",
  "token=",
  'token="',
  "a://",
  "Bearer ",
  "lk_live_",
  "x\"' ",
  "secret-",
];

describe("maskSecrets takes time in proportion to the text, whatever is repeated in it:", () => {
  const ms = (text: string) =>
    Math.min(
      ...Array.from({ length: 3 }, () => {
        const since = performance.now();
        maskSecrets(text);
        return performance.now() - since;
      }),
    );
  // A quadratic pattern takes 64 times as long for 8 times the text.
  test.each(pieces.flatMap((a) => [a, ...pieces.map((b) => a + b)]))("%j", measured, (piece) => {
    const text = (length: number) => piece.repeat(Math.ceil(length / piece.length));
    expect(ms(text(64_000)) / Math.max(ms(text(8_000)), 0.05)).toBeLessThan(32);
  });
});
