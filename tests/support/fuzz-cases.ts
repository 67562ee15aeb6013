import fc from "fast-check";
import type { DescribedApi, Route } from "./described-api";
import { fromSchema, someOf } from "./from-schema";
import { from, poolsOf } from "./fuzz-pools";

/**
 * How a request deviates from a valid one. Key: none, invented, mistyped, revoked, expired, without the scope, or of
 * one tenant. Body: arbitrary JSON, bytes that are not JSON, a field too many or too few, a wrong type.
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

/** Never an existing field. */
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
  // A file cannot be generated from its schema, which is a string; earlier exports and the example are used.
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
