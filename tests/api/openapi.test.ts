import spectral from "@stoplight/spectral-core";
import rulesets from "@stoplight/spectral-rulesets";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, startApi } from "../support/api";

let api: Api;
let document: { paths: { [path: string]: { [method: string]: { operationId: string; responses: object; security: object[] } } } };
beforeAll(async () => {
  api = await startApi();
  document = await (await api.get("/api/openapi.json", null)).json();
});
afterAll(() => api.stop());

describe("GET /api/openapi.json", () => {
  test("is OpenAPI 3.1 in which a public linter finds nothing", async () => {
    const linter = new spectral.Spectral();
    linter.setRuleset({ extends: [rulesets.oas as never] } as never);
    const found = await linter.run(JSON.parse(JSON.stringify(document)));
    expect(found.map(({ code, path, message }) => `${code} ${path.join(".")}: ${message}`)).toEqual([]);
  });

  test("describes every route for programs that there is, and no other", () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((m) => `${m.toUpperCase()} ${path}`),
    );
    const there = api.routes.map(({ method, path }) => `${method} ${path}`);
    expect(api.routes.filter((r) => !r.description).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    expect(described.sort()).toEqual(there.sort());
  });

  test("gives every operation a name of its own, and says of each what happens without a key", () => {
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(all.map((o) => o.operationId)).size).toBe(all.length);
    for (const { operationId, security, responses } of all) {
      if (security.length > 0)
        expect([operationId, ...Object.keys(responses)]).toEqual(expect.arrayContaining([operationId, "401", "403"]));
    }
  });
});
