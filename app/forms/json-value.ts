import { z } from "zod";
import type { Json } from "~/core/model";

/** Max characters of JSON of one value in a plan or grant. */
export const maxValueLength = 10_000;

const isShort = (value: unknown) =>
  (typeof value === "object" || typeof value === "string" ? JSON.stringify(value).length : 0) <= maxValueLength;
const tooLong = `A value has up to ${maxValueLength.toLocaleString("en-US")} characters of JSON.`;

/** Any JSON. What comes from JSON.parse needs no other check: `z.json()` would walk it again. */
export const jsonValue = z
  .unknown()
  .refine(isShort, tooLong)
  .transform((value) => value as Json);

/** Faults of one object that are reported; more would cost more than they help. */
const maxFaults = 100;

/**
 * An object with arbitrary keys. `faultOf` validates a key and its value. A zod record takes 10 µs per refused key.
 * `shown` is its JSON schema.
 */
export function namedValues(faultOf: (name: string, value: unknown) => string | null, shown: object) {
  const schema = z.unknown().superRefine((sent, ctx) => {
    if (typeof sent !== "object" || sent === null || Array.isArray(sent)) {
      ctx.addIssue({ code: "invalid_type", expected: "record", input: sent, continue: false });
      return;
    }
    let faults = 0;
    for (const [name, value] of Object.entries(sent)) {
      const message = faultOf(name, value);
      if (message === null) continue;
      ctx.addIssue({ code: "custom", path: [name], message });
      if (++faults === maxFaults) return;
    }
  });
  return schema.meta({ type: "object", ...shown }) as unknown as z.ZodType<{ [name: string]: Json }>;
}

export const valueFault = (value: unknown) => (isShort(value) ? null : tooLong);

/** A list cut just past its maximum before its items are validated, so that a longer one costs no more. */
export const shortList = <S extends z.ZodType>(item: S, { min = 0, max }: { min?: number; max: number }, tooMany?: string) =>
  z.preprocess(
    (sent) => (Array.isArray(sent) && sent.length > max ? sent.slice(0, max + 1) : sent),
    (min > 0 ? z.array(item).min(min) : z.array(item)).max(max, tooMany),
  );
