import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.catalogue([feature("sso")], [plan("starter", { sso: true })]);
  await api.tenant("acme", { plan: "starter" });
});
afterAll(() => api.stop());

describe("a base URL that ends in a slash is the same one:", () => {
  test.each(["//ofrep/v1/evaluate/flags/sso", "/ofrep//v1///evaluate/flags/sso"])("POST %s is answered", async (path) => {
    const answer = await api.send("POST", path, { context: { targetingKey: "acme" } }, api.keys.check);
    expect([answer.status, await answer.json()]).toMatchObject([200, { key: "sso", value: true }]);
  });

  test("a check, a write and the health of the server are answered, and what a query says stays as it is", async () => {
    expect((await api.get("//api//entitlements?tenant=acme&feature=sso")).status).toBe(200);
    expect((await api.send("PUT", "//api/tenants//x", { name: "a//b" })).status).toBe(201);
    expect((await (await api.get("//api/tenants?search=a//b", api.keys.manage)).json()).items).toMatchObject([{ key: "x" }]);
    for (const path of ["//healthz", "//readyz"]) expect([path, (await api.get(path, null)).status]).toEqual([path, 200]);
  });
});

const beginnings = ["/api", "/ofrep", "/healthz", "/readyz", "/metrics"];
const paths = beginnings.flatMap((path) => [`${path}/nope`, `/${path}/nope`, `${path}/`, `${path.toUpperCase()}/x?y=1`, `${path}/%zz`]);

test("whatever begins like an address for programs is answered with JSON, never with a page", async () => {
  for (const path of [...paths, ...beginnings]) {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const answer = await fetch(api.origin + path, { method });
      const type = answer.headers.get("content-type") ?? "";
      expect([method, path, answer.status >= 400 ? type : "answered"]).toEqual([method, path, expect.stringMatching(/json|answered/)]);
    }
  }
});
