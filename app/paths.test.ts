import fc from "fast-check";
import { expect, test } from "vitest";
import { isTrialForm, keyOf, paths, safePath, segment } from "./paths";

/** What a browser and then React Router make of a link, up to the param a route gets. */
function arrive(path: string): string[] {
  const { pathname } = new URL(path, "http://x.test");
  return pathname
    .split("/")
    .slice(1)
    .map((part) => decodeURIComponent(part).replace(/\//g, "%2F").replace(/%2F/g, "/"));
}

test("any tenant key comes back from its link as it was", () => {
  const awkward = ["new", ".", "..", "~", "~x", "a/b", "%2F", "%2e%2e", "x.data", "__proto__", '"', "a b?c#d", "~~2E", "acme.com", "\\"];
  for (const key of awkward)
    expect([key, arrive(paths.tenantGrants(key)).length, keyOf(arrive(paths.tenantGrants(key))[1])]).toEqual([key, 3, key]);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }), (key) => keyOf(arrive(paths.tenantGrants(key))[1]) === key),
  );
});

test("no tenant's page is mistaken for another page or for Remix's data request", () => {
  for (const key of ["new", "x.data", ".", ".."]) {
    const { pathname } = new URL(paths.tenant(key), "http://x.test");
    expect(pathname).toMatch(/^\/tenants\/~/);
    expect(pathname).not.toMatch(/\.data$/);
  }
});

test("ordinary keys stay readable", () => {
  expect(segment("acme.com")).toBe("acme.com");
  expect(paths.trialNew("acme", "sso")).toBe("/tenants/acme/trial?feature=sso");
  expect(paths.overrideNew("acme")).toBe("/tenants/acme/override");
});

test("a place to go back to never leaves this origin", () => {
  expect(safePath("/tenants?page=2#x")).toBe("/tenants?page=2#x");
  for (const bad of ["https://evil.test/", "//evil.test", "/\\evil.test", "/\t/evil.test", "/.//evil.test", "javascript:1", "", null, 7]) {
    expect(safePath(bad, "/home")).toBe("/home");
  }
});

test("the form for trials is known by its address, for any tenant, and no other page is", () => {
  const isForm = (path: string) => isTrialForm(new URL(path, "http://x.test").pathname);
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }),
      fc.constantFrom(undefined, "sso", "a.b"),
      (tenant, feature) => isForm(paths.trialNew(tenant, feature)),
    ),
  );
  for (const path of [paths.auditUndo(7), paths.tenant("acme"), "/trial", "/tenants/a/b/trial", "/trials/trial"])
    expect(isForm(path), path).toBe(false);
});
