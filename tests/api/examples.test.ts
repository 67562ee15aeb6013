import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openApiDocument } from "~/api/openapi/openapi-document.server";
import { type Api, startApi } from "../support/api";

type Media = { example?: unknown; examples?: { [name: string]: { $ref?: string; value?: unknown } } };
type Parameter = { name: string; in: string; example?: unknown };
type Operation = {
  operationId: string;
  parameters: Parameter[];
  requestBody?: { content: { [type: string]: Media } };
  responses: { [status: string]: { description: string; content?: { [type: string]: Media } } };
};

let api: Api;
let document: {
  paths: { [path: string]: { [method: string]: Operation } };
  components: { examples: { [name: string]: { value: unknown } } };
};
let ajv: Ajv2020;
beforeAll(async () => {
  api = await startApi();
  // Exact: an example shows no field that is not described.
  document = JSON.parse(JSON.stringify(await openApiDocument(api.routes, { origin: null, exact: true })));
  ajv = addFormats(new Ajv2020({ strict: false })).addSchema(document, "api");
});
afterAll(() => api.stop());

const inPointer = (part: string) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
type Place = { name: string; at: string[]; examples: unknown[]; put: string };

/** Everything that has to have an example, with those that it has, and where to put one. */
function places(): Place[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const { operationId, parameters, requestBody, responses } = operation;
      const at = ["paths", path, method];
      const ofParameters = parameters.map(
        (p, i): Place => ({
          name: `${operationId}: the parameter ${p.name} in ${p.in}`,
          at: [...at, "parameters", String(i)],
          examples: "example" in p ? [p.example] : [],
          put: "app/api/openapi/example-parameters.ts, or .meta({ examples }) of its schema",
        }),
      );
      const ofBody = Object.entries(requestBody?.content ?? {}).map(
        ([type, media]): Place => ({
          name: `${operationId}: the body as ${type}`,
          at: [...at, "requestBody", "content", type],
          examples: valuesOf(media),
          put: "bodyExample of the route",
        }),
      );
      const ofAnswers = Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.entries(content).map(
          ([type, media]): Place => ({
            name: `${operationId}: the answer ${status} as ${type}`,
            at: [...at, "responses", status, "content", type],
            examples: valuesOf(media),
            put: type.includes("problem")
              ? "app/api/openapi/problem-examples.ts"
              : "exampleAnswers in app/api/openapi/examples.ts, by the id of the schema",
          }),
        ),
      );
      return [...ofParameters, ...ofBody, ...ofAnswers];
    }),
  );
}

function valuesOf({ example, examples = {} }: Media): unknown[] {
  const named = Object.values(examples).map(({ $ref, value }) =>
    $ref === undefined ? value : document.components.examples[$ref.split("/").at(-1) as string]?.value,
  );
  return [example, ...named].filter((value) => value !== undefined);
}

describe("the examples of the description", () => {
  test("are there for every parameter, and for every type of every body and answer", () => {
    const missing = places().filter(({ examples }) => examples.length === 0);
    expect(missing.map(({ name, put }) => `${name} has no example: add one to ${put}`)).toEqual([]);
  });

  test("fit the schemas that they stand beside", () => {
    const misfits = places().flatMap(({ name, at, examples, put }) => {
      const fits = ajv.compile({ $ref: `api#/${[...at, "schema"].map(inPointer).join("/")}` });
      return examples.flatMap((example) =>
        fits(example) ? [] : [`${name} (${put}): ${ajv.errorsText(fits.errors)} in ${JSON.stringify(example)}`],
      );
    });
    expect(misfits).toEqual([]);
  });

  test("show every code that a status may have, and its text names them all", () => {
    for (const { operationId, responses } of Object.values(document.paths).flatMap((methods) => Object.values(methods)))
      for (const [status, { description, content }] of Object.entries(responses)) {
        const problem = content?.["application/problem+json"] as (Media & { schema: { allOf: [unknown, ProblemCodes] } }) | undefined;
        if (!problem) continue;
        const codes = problem.schema.allOf[1].properties.code.enum;
        const shown = Object.keys(problem.examples ?? {});
        expect([operationId, status, shown, "app/api/openapi/problem-examples.ts"]).toEqual([
          operationId,
          status,
          codes,
          "app/api/openapi/problem-examples.ts",
        ]);
        for (const [i, value] of valuesOf(problem).entries())
          expect([operationId, value]).toEqual([operationId, expect.objectContaining({ status: Number(status), code: codes[i] })]);
        expect(codes.filter((code) => !description.includes(code))).toEqual([]);
      }
  });
});

type ProblemCodes = { properties: { code: { enum: string[] } } };
