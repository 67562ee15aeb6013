import { describe, expect, test } from "vitest";
import { cleanDistinctId, cleanId, shownAddress, shownUrl } from "./request-tags";
import { maskSecrets } from "./secrets";

const token = "q3Zr0bGm7wYh-1nXk_8uLsTe2vDcJa5PfOi9RyBx4Wd";

describe("an id that came in a header", () => {
  test("loses control characters and blanks around it, and is cut to 1,000 characters", () => {
    expect(cleanId("  se\u0000ss\u001f-\u007f1\u009f\n ")).toBe("sess-1");
    expect(cleanId("x".repeat(1000))).toHaveLength(1000);
    expect(cleanId("x".repeat(1001))).toHaveLength(1000);
    expect(cleanId("é".repeat(3))).toBe("ééé");
  });
  test("is none when nothing is left, or when it is no text", () => {
    for (const nothing of ["", "   ", "\u0007\u0000", undefined, null, 7, ["a"]]) expect(cleanId(nothing)).toBeUndefined();
  });
  test("never holds half of a surrogate pair, not even where it was cut", () => {
    expect(cleanId("a\ud83d")).toBe("a");
    expect(cleanId(`${"x".repeat(999)}😀`)).toBe("x".repeat(999));
  });
  test("is nobody's when programs send it for everybody", () => {
    for (const nobody of ["anonymous", "Guest", "null", "NaN", "0", "[object Object]", "undefined", "TRUE"])
      expect(cleanDistinctId(nobody)).toBeUndefined();
    expect(cleanDistinctId("user_0")).toBe("user_0");
  });
});

describe("an address", () => {
  const path = (target: string) => shownAddress(target).path;
  test("of a one-time link is shown without its token, however it is written", () => {
    expect(path(`/invite/${token}`)).toBe("/invite/hidden");
    expect(path(`/setup/${token}.data`)).toBe("/setup/hidden");
    expect(path(`//Invite/${token}/x`)).toBe("//Invite/hidden/hidden");
    expect(path("/%69nvite/short")).toBe("/%69nvite/hidden");
  });
  test("keeps what says where one is", () => {
    expect(shownAddress("/tenants/acme%20ltd?page=2&status=active")).toEqual({
      path: "/tenants/acme%20ltd",
      query: "?page=2&status=active",
    });
    expect(path("/tenants/acme.data?_routes=x")).toBe("/tenants/acme");
    expect(path("/_root.data")).toBe("/");
    expect(path("/tenants/%E0%A4%A")).toBe("/tenants/%E0%A4%A");
  });
  test("loses the values of every parameter that is not known to be harmless, and names that are secrets themselves", () => {
    const { query } = shownAddress(`/sign-in?returnTo=/invite/${token}&q=Ada&lk_live_abcdefgh=1&feature=lk_live_abcdefgh&a-b=1`);
    expect(query).toBe("?returnTo=hidden&q=hidden&feature=lk_live_hidden");
  });
  test("loses secrets in any part of the path, and credentials before the host", () => {
    expect(path(`/tenants/${token}`)).toBe("/tenants/hidden");
    expect(path("/x/lk_live_0123456789")).toBe("/x/hidden");
    expect(shownUrl(`https://ada:pw@example.com/invite/${token}?a=b#c`)).toBe("https://example.com/invite/hidden?a=hidden");
    expect(shownUrl("$direct")).toBe("$direct");
  });
});

test("secrets are masked in text, and nothing else is", () => {
  const masked = {
    "no such key lk_live_Ab12Cd34Ef56": "no such key lk_live_hidden",
    "phx_1234567890 and phc_abcdef": "phx_hidden and phc_hidden",
    "Authorization: Bearer abcdefghijk": "Authorization: hidden hidden",
    "connect postgres://ada:s3cret@db:5432/x": "connect postgres://hidden@db:5432/x",
    '{"password":"walrus teapot"}': '{"password":hidden}',
    "const apiKey = 'abc';": "const apiKey = hidden;",
    "?access_token=abc&page=2": "?access_token=hidden&page=2",
    [`sid=${token};`]: "sid=hidden;",
  };
  for (const [text, expected] of Object.entries(masked)) expect(maskSecrets(text)).toBe(expected);
  for (const plain of ["Cannot read properties of undefined (reading 'tokens')", "tenant acme-01HZX3NDEKTSV4RRFFQ69G5FAV has no plan"])
    expect(maskSecrets(plain)).toBe(plain);
});
