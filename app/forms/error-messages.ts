import type { z } from "zod";
import { listWords } from "~/core/text";

/** For `safeParse(value, errorMessages)`: messages for issues without their own, saying what to send. */
export const errorMessages: { error: z.core.$ZodErrorMap } = { error: (issue) => sentence(issue) };

function sentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type": {
      const wanted = kinds[issue.expected] ?? "another value";
      return issue.input === undefined ? `This is missing: send ${wanted}.` : `Send ${wanted} here, not ${kindOf(issue.input)}.`;
    }
    case "invalid_value":
      return `Send ${listWords(
        issue.values.map((value) => JSON.stringify(value)),
        "or",
      )} here.`;
    case "too_big":
      return bound(issue.origin, "up to", issue.maximum);
    case "too_small":
      return bound(issue.origin, "at least", issue.minimum);
    case "invalid_key":
      return issue.issues?.[0]?.message ?? "A name in here is refused. Choose another.";
    case "invalid_format":
      return "The format is invalid. See the API reference.";
    default:
      return "The value is invalid. See the API reference for what is accepted.";
  }
}

const kinds: { [type: string]: string } = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return kinds[typeof value] ?? "that";
}

function bound(origin: string, side: string, most: number | bigint): string {
  const number = most.toLocaleString("en-US");
  if (origin === "string") return `This has ${side} ${number} ${Number(most) === 1 ? "character" : "characters"}.`;
  if (origin === "array" || origin === "set" || origin === "record")
    return `This has ${side} ${number} ${Number(most) === 1 ? "entry" : "entries"}.`;
  return `This is ${side} ${number}.`;
}
