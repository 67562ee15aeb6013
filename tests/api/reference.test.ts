import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { style } from "~/api/openapi/reference/reference-files";
import { fieldsOf, typeOf } from "~/api/openapi/reference/schema-fields";
import { startApi } from "../support/api";

let api: Awaited<ReturnType<typeof startApi>>;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

test("every operation has a page with its parameters, answers and codes, of at most 150 kB", async () => {
  const { paths } = (await (await api.get("/api/openapi.json")).json()) as { paths: object };
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods as object));
  expect(operations.length).toBeGreaterThan(45);
  for (const { operationId, parameters, responses } of operations) {
    const response = await api.get(`/docs/api/${operationId}`, null);
    const text = await response.text();
    expect([operationId, response.status]).toEqual([operationId, 200]);
    expect(text.length, operationId).toBeLessThan(150_000);
    for (const { name } of parameters) expect(text, operationId).toContain(`<code>${name}</code>`);
    for (const status of Object.keys(responses)) expect(text, operationId).toContain(`>${status}</span>`);
  }
});

test("names that are no operation get 404, and nothing of theirs is kept or shown", async () => {
  const response = await api.get("/docs/api/%3Cscript%3E", null);
  expect(response.status).toBe(404);
  expect(await response.text()).not.toMatch(/<script>/);
});

test("its colours are those of the pages", () => {
  const pages = readFileSync(new URL("../../app/tailwind.css", import.meta.url), "utf8");
  const own = style.match(/--[a-z-]+: light-dark\([^)]*\);/g) ?? [];
  expect(own.length).toBeGreaterThan(15);
  for (const colour of own) expect(pages).toContain(colour);
});

describe("a schema in words", () => {
  const components = { Node: { type: "object", properties: { name: { type: "string" }, next: { $ref: "#/components/schemas/Node" } } } };

  test.each([
    [{ type: "string", maxLength: 20 }, "string of up to 20 characters"],
    [{ type: "string", format: "date-time" }, "date-time"],
    [{ enum: ["a", 1] }, '"a" or 1'],
    [{ anyOf: [{ type: "integer", minimum: 0, maximum: 9 }, { type: "null" }] }, "integer from 0 to 9 or null"],
    [{ type: "array", items: { type: "boolean" } }, "list of boolean"],
    [{ $ref: "#/components/schemas/Node" }, "object"],
    [{ $ref: "#/components/schemas/Gone" }, "any value"],
  ])("%j is %s", (schema, words) => {
    expect(typeOf(schema, components)).toBe(words);
  });

  test("lists the fields of objects in objects, lists and maps, and ends where one contains itself", () => {
    const schema = {
      type: "object",
      required: ["list"],
      properties: {
        list: { type: "array", items: { type: "object", properties: { id: { type: "string" } } } },
        map: { type: "object", additionalProperties: { $ref: "#/components/schemas/Node" } },
      },
    };
    expect(fieldsOf(schema, components).map(({ path, isRequired }) => [path, isRequired])).toEqual([
      ["list", true],
      ["list[].id", false],
      ["map", false],
      ["map.{key}.name", false],
      ["map.{key}.next", false],
    ]);
  });
});
