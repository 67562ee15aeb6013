import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { read } from "~/api/http/parse.server";
import { byItsOwnName } from "~/api/http/route.server";
import { readChecks } from "~/forms/checks/checks";
import { readReport } from "~/forms/usage/usage";
import { type Api, startApi } from "../support/api";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const junk = [undefined, null, true, 5, -1, 0.5, 1e300, "", "x", "x".repeat(20_000), [], [1], ["a", "a"], {}, { a: 1 }];
/** As zod's own words begin or go on. */
const foreign = /invalid |expected|received|too (big|small)|unrecognized|must (be|match)/i;
const isSentence = (message: string) => /^[A-Z\p{Ll}].*[.…]$|\/api\/|PUT|10:00:00Z/u.test(message) && !foreign.test(message);

test("whatever is sent to any route, every refusal is a sentence of ours", () => {
  const wrong = new Set<string>();
  for (const { description } of api.routes) {
    const { params, query, body, bodyShown, bodyExample } = description ?? {};
    for (const [name, schema] of Object.entries({ params, query, body, bodyShown })) {
      if (!schema) continue;
      const right = name.startsWith("body") && typeof bodyExample === "object" ? bodyExample : {};
      const fields = Object.keys((z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }).properties ?? right) as object);
      const sent = [...junk, ...fields.flatMap((field) => junk.map((value) => ({ ...right, [field]: value })))];
      for (const one of sent) {
        const result = read({ [name.startsWith("body") ? "body" : name]: schema }, { [name.startsWith("body") ? "body" : name]: one });
        if (!result.ok)
          for (const { field, message } of byItsOwnName(result.problem).errors ?? [])
            if (!isSentence(message)) wrong.add(`${description?.id} ${field}: ${message}`);
      }
    }
  }
  for (const field of ["tenant", "feature", "features", "user", "requested", "action", "quantity", "idempotencyKey", "time"])
    for (const value of junk) {
      const check = readChecks([{ tenant: "acme", feature: "sso", [field]: value }])[0];
      if (check?.error) wrong.add(check.error.issues[0]?.message ?? "");
      const report = readReport({ tenant: "acme", feature: "calls", idempotencyKey: "a", [field]: value });
      if (!report.ok) wrong.add("issues" in report.error ? (report.error.issues[0]?.message ?? "") : report.error.message);
    }
  expect([...wrong].filter((message) => !isSentence(message))).toEqual([]);
});

const put = (body: unknown) => api.send("PUT", "/api/tenants/acme", body);
const grant = (body: unknown) => api.send("POST", "/api/tenants/acme/grants", body);
const get = (path: string) => api.get(path, path.startsWith("/api/entitlements") ? api.keys.check : api.keys.manage);

test.each([
  ["what is missing", () => grant({ kind: "override", effect: "deny" }), "feature", "This is missing: send text."],
  ["another type", () => put({ name: 5 }), "name", "Send text here, not a number."],
  ["a list in place of an object", () => put([]), "body", "Send an object here, not a list."],
  ["none of a closed choice", () => grant({ kind: "override", feature: "sso", effect: "x" }), "effect", 'Send "allow" or "deny" here.'],
  ["too few", () => grant({ kind: "trial", features: [], days: 1 }), "features", "This has at least 1 entry."],
  ["too long", () => put({ metadata: { ["x".repeat(101)]: 1 } }), `metadata.${"x".repeat(101)}`, "This has up to 100 characters."],
  ["an unknown field", () => put({ colour: "red" }), "colour", 'There is no field "colour" here.'],
  ["a name that stands twice", () => get("/api/tenants?search=a&search=b"), "search", '"search" was given more than once.'],
  ["a number in other than plain digits", () => get("/api/audit/0x1"), "seq", "That is not an entry's number."],
  [
    "the same of a check",
    () => get("/api/entitlements?tenant=a&requested=1&requested=2"),
    "requested",
    '"requested" was given more than once.',
  ],
])("%s is told in a sentence", async (_, ask, field, detail) => {
  const answer = await ask();
  expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ field, detail })]);
});
