import type { SubmissionResult } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { data } from "@remix-run/node";
import type { z } from "zod";
import type { Refusal, RefusalCode } from "~/core/outcome";
import { readFields, unreadable } from "./form-body.server";

/** Ours have one dot at most and no index. Conform makes a list as long as an index says, and copies one for each repeated name. */
const fieldName = /^[A-Za-z_][\w~-]{0,120}(\.[\w~-]{1,120})?$/;
/** Conform's own, for lists that are edited without script: none of our forms has one, and it trusts what stands in them. */
const reserved = ["__intent__", "__state__"];

/** What a form sent. Throws a 400 when it is not a form that a page of ours sends. */
export async function readForm<S extends z.ZodType>(request: Request, schema: S) {
  const form = await readFields(request);
  const isOurs = ([name, value]: [string, unknown]) => fieldName.test(name) && typeof value === "string";
  for (const name of reserved) form.delete(name);
  if (![...form].every(isOurs)) throw unreadable();
  return parseWithZod(form, { schema });
}

type Submitted = { reply: (options?: { formErrors?: string[]; fieldErrors?: Record<string, string[]> }) => SubmissionResult };

const conflicts = new Set<RefusalCode>([
  "tenant_exists",
  "plan_exists",
  "feature_exists",
  "plan_in_use",
  "grant_overlaps",
  "grant_over",
  "stale",
]);

/** What the fields say is wrong, to be shown again with all that was entered. `errors`: found beyond what the schema sees. */
export const invalid = <More extends object>(submission: Submitted, errors?: Record<string, string[]>, more?: More) =>
  data({ result: submission.reply(errors && { fieldErrors: errors }), ...(more as More) }, { status: 422 });

/** A refusal beside its field, or above the form when the form has no such field. */
export function refused<More extends object>(submission: Submitted, refusal: Refusal, fields: Record<string, string>, more?: More) {
  const field = refusal.field === undefined ? undefined : fields[refusal.field];
  const result = submission.reply(field ? { fieldErrors: { [field]: [refusal.message] } } : { formErrors: [refusal.message] });
  return data({ result, ...(more as More) }, { status: conflicts.has(refusal.code) ? 409 : 422 });
}

/** The revision that a form was made from, whatever else of it could not be read. */
export function seenRevision(submission: { payload: { [field: string]: unknown } }): number | null {
  const revision = Number(submission.payload.expected);
  return Number.isSafeInteger(revision) ? revision : null;
}
