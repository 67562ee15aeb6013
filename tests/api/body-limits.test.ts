import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bodyLimitsInWords, bodyLimitsOf, defaultBodyLimits, maxParsedDepth } from "~/api/http/body-limits";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";

let api: Api;
let fake: FakePosthog;
let key: string;
beforeAll(async () => {
  fake = await startFakePosthog();
  const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin };
  api = await startApi("sqlite", { variables: { ...posthog, LATCHKEY_RATE_LIMIT: "0" } });
  key = await api.keyFor("check", "usage", "manage");
  await api.catalogue([feature("sso")], [plan("starter", { sso: true })]);
  await api.tenant("acme", { plan: "starter" });
});
afterAll(async () => {
  await api.stop();
  await fake.close();
});

/** Every route whose method can have a body, also those that want none. */
const withBody = () =>
  api.routes
    .filter(({ method }) => method !== "GET")
    .map(({ method, path, description }) => ({
      name: `${method} ${path}`,
      method,
      path: path.replace("/ofrep/v1/evaluate/flags/{key}", "/ofrep/v1/evaluate/flags/sso").replace(/\{\w+\}/g, "acme"),
      limits: bodyLimitsOf(description),
      takesBody: description?.body !== undefined,
      type: description?.bodyTypes?.length === 1 ? description.bodyTypes[0] : undefined,
    }));

/** Spaces up to a size; JSON allows them anywhere. */
const padded = (text: string, bytes: number) => text + " ".repeat(bytes - text.length);

async function codeOf(method: string, path: string, body: string, type?: string): Promise<[status: number, code: string]> {
  const answer = await api.send(method, path, body, key, type ? { "content-type": type } : undefined);
  const said = answer.status === 204 ? {} : await answer.json();
  return [answer.status, said.code ?? said.errorCode ?? ""];
}

test("a body has as many bytes as its route says, and is refused with one more", async () => {
  for (const { name, method, path, limits, type } of withBody()) {
    const [atLimit] = await codeOf(method, path, padded("{}", limits.maxBytes), type);
    expect([name, atLimit]).not.toEqual([name, 413]);
    const code = path.startsWith("/ofrep/") ? "GENERAL" : "body_too_large";
    expect([name, ...(await codeOf(method, path, padded("{}", limits.maxBytes + 1), type))]).toEqual([name, 413, code]);
    if (path === "/api/catalogue/import") expect(limits.maxBytes).toBe(5 * 1024 * 1024);
  }
});

test("a body with a value too many, or nested too deep, is refused before it is parsed", async () => {
  for (const { name, method, path, limits } of withBody()) {
    if (limits.maxValues === null) continue;
    const isOfrep = path.startsWith("/ofrep/");
    // Neither is JSON, so the parser has seen nothing of them.
    const many = `{"a":[${"1,".repeat(limits.maxValues - 1)}`;
    expect([name, ...(await codeOf(method, path, many))]).toEqual([name, 413, isOfrep ? "GENERAL" : "body_too_large"]);
    const deep = await codeOf(method, path, "[".repeat(maxParsedDepth + 1));
    expect([name, ...deep]).toEqual([name, 400, isOfrep ? "PARSE_ERROR" : "invalid_request"]);
    const fits = await codeOf(method, path, `{"a":[${Array.from({ length: limits.maxValues - 3 }, () => 1).join()}]}`);
    expect([name, fits[0]]).not.toEqual([name, 413]);
  }
});

describe("what the limits of bodies are said to be:", () => {
  const page = readFileSync(new URL("../../docs/api-limits.md", import.meta.url), "utf8");
  const rows = page.split("\n").flatMap((line) => {
    const [, routes, bytes, values] = /^\| (`[A-Z]+ \/.*?`|other bodies) \| ([\w, ]+) \| ([\d,—]+)/.exec(line) ?? [];
    return routes
      ? routes.split(", ").map((route) => [route.replaceAll("`", ""), `${bytes}${values === "—" ? "" : ` and ${values} names and values`}`])
      : [];
  });

  test("docs/api-limits.md has every route with limits of its own, and the limits of the others", () => {
    const own = withBody()
      .filter(({ limits }) => limits !== defaultBodyLimits)
      .map(({ name, limits }) => [name, bodyLimitsInWords(limits)]);
    expect(rows.sort()).toEqual([...own, ["other bodies", bodyLimitsInWords(defaultBodyLimits)]].sort());
  });

  test("the API's description states them for every body", async () => {
    const { paths } = await (await api.get("/api/openapi.json", null)).json();
    const stated = withBody()
      .filter(({ takesBody }) => takesBody)
      .map(({ name, limits }) => {
        const [method = "", path = ""] = name.split(" ");
        return [name, paths[path][method.toLowerCase()].requestBody.description, `Up to ${bodyLimitsInWords(limits)}.`];
      });
    expect(stated.filter(([, is, should]) => is !== should)).toEqual([]);
  });
});

describe("the documented sizes fit:", () => {
  test("1,000 checks of 25 features each, 5,000 values of a plan and 10,000 characters of dense metadata", async () => {
    const checks = Array.from({ length: 1_000 }, (_, t) => ({
      tenant: `tenant-${t}`,
      features: Array.from({ length: 25 }, (_, f) => `feature_${f}`),
      user: `user-${t}`,
      requested: 1,
    }));
    expect((await codeOf("POST", "/api/entitlements", JSON.stringify({ checks })))[0]).toBe(200);
    const features = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`feature_${i}`, i]));
    expect(await codeOf("PUT", "/api/plans/large", JSON.stringify({ features }))).toEqual([422, "feature_not_found"]);
    const metadata = { a: Array.from({ length: 3_330 }, () => []) };
    expect((await codeOf("PUT", "/api/tenants/dense", JSON.stringify({ metadata })))[0]).toBe(201);
  });
});
