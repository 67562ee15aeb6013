import fc from "fast-check";
import type { DescribedApi, Route } from "./described-api";
import { fromSchema, someOf } from "./from-schema";
import { from, poolsOf } from "./fuzz-pools";

/**
 * How a request departs from what is right. Who asks: nobody, a key that was made up, mistyped, revoked, over, without the scope,
 * or bound to a tenant. What is sent: JSON of any shape, bytes that are no JSON, a field too much, one too few, another type.
 */
export const ways = {
  plain: 14,
  stranger: 2,
  forged: 1,
  mistyped: 1,
  revoked: 1,
  expired: 1,
  scope: 2,
  bound: 3,
  junk: 2,
  bytes: 1,
  extra: 2,
  missing: 1,
  media: 1,
  method: 1,
} as const;
export type Way = keyof typeof ways;

export type Case = {
  route: Route;
  way: Way;
  path: { [name: string]: unknown };
  query: { [name: string]: unknown };
  headers: { [name: string]: unknown };
  body: unknown;
  byOtherHeader: boolean;
};

/** Never one that is there. */
export const extraField = "x-unknown";

const weighted = fc.oneof(...Object.entries(ways).map(([way, weight]) => ({ weight, arbitrary: fc.constant(way as Way) })));

export function caseOf(route: Route, { resolve }: DescribedApi): fc.Arbitrary<Case> {
  const pools = poolsOf(route.path);
  const { parameters, requestBody } = route.operation;
  const values = (place: string, there: number, notThere: number) => {
    const here = parameters.filter((p) => p.in === place);
    const required = new Set(here.filter((p) => p.required).map((p) => p.name));
    const each = here.map((p) => {
      const right = fromSchema(p.schema, resolve, pools, p.name);
      return [p.name, fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: fc.string() })];
    });
    return someOf(Object.fromEntries(each), required, there, notThere);
  };
  const media = Object.values(requestBody?.content ?? {})[0];
  // A file can hardly be made of its schema, which is text; what was exported before and the example are some.
  const files = Object.keys(requestBody?.content ?? {}).length > 1;
  const body = media
    ? fc.oneof(
        { weight: files ? 1 : 4, arbitrary: files ? fc.string() : fromSchema(media.schema, resolve, pools) },
        { weight: 1, arbitrary: fc.constant(media.example) },
        { weight: files ? 3 : 0, arbitrary: from("file") },
      )
    : fc.constant(undefined);
  return fc
    .record({
      way: weighted,
      path: values("path", 1, 0),
      query: values("query", 1, 2),
      headers: values("header", 1, 8),
      body,
      junk: fc.jsonValue({ maxDepth: 3 }),
      drop: fc.nat(20),
      byOtherHeader: fc.boolean(),
    })
    .map(({ junk, drop, ...made }) => spoiled({ route, ...made }, junk, drop));
}

function spoiled(made: Case, junk: unknown, drop: number): Case {
  const { route, way, body, query } = made;
  if (way === "junk") return { ...made, body: made.body === undefined ? undefined : junk };
  if (way === "extra") {
    const isObject = typeof body === "object" && body !== null;
    return isObject ? { ...made, body: { ...body, [extraField]: 1 } } : { ...made, query: { ...query, [extraField]: "1" } };
  }
  if (way !== "missing") return made;
  const needed = route.operation.parameters.filter((p) => p.in === "query" && p.required).map((p) => p.name);
  if (needed.length > 0) return { ...made, query: without(query, needed[drop % needed.length] as string) };
  return { ...made, body: undefined };
}

const without = (fields: object, name: string) => Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
