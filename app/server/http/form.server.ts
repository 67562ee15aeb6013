import type { SubmissionResult } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { data } from "@remix-run/node";
import type { z } from "zod";
import type { Refusal, RefusalCode } from "~/core/outcome";
import { readFields, unreadable } from "./form-body.server";

/**
 * Our names have at most one dot and no index. Conform builds a list as long as the index, and copies one for each
 * repeated name.
 */
const fieldName = /^[A-Za-z_][\w~-]{0,120}(\.[\w~-]{1,120})?$/;
/**
 * Conform's own fields for lists edited without JavaScript. None of our forms uses them, and Conform trusts their
 * content.
 */
const reserved = ["__intent__", "__state__"];

/** Parses a submitted form. Throws a 400 if it is not a form of our pages. */
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
  "too_many_jobs",
  "requests_full",
  "request_decided",
  "needs_approval",
  "stale",
]);

/** The result for a form with invalid fields, which are shown again as entered. `errors` are found beyond the schema. */
export const invalid = <More extends object>(submission: Submitted, errors?: Record<string, string[]>, more?: More) =>
  data({ result: submission.reply(errors && { fieldErrors: errors }), ...(more as More) }, { status: 422 });

/** The result for a refusal, shown beside its field, or above the form if it has no such field. */
export function refused<More extends object>(submission: Submitted, refusal: Refusal, fields: Record<string, string>, more?: More) {
  const field = refusal.field === undefined ? undefined : fields[refusal.field];
  const result = submission.reply(field ? { fieldErrors: { [field]: [refusal.message] } } : { formErrors: [refusal.message] });
  return data({ result, ...(more as More) }, { status: conflicts.has(refusal.code) ? 409 : 422 });
}

/** The revision the form was made from, even if other fields are invalid. */
export function seenRevision(submission: { payload: { [field: string]: unknown } }): number | null {
  const revision = Number(submission.payload.expected);
  return Number.isSafeInteger(revision) ? revision : null;
}

/** Fields that are never sent back to the page. */
const secrets = ["password", "current", "code"];

type Reply = { hideFields: string[]; formErrors?: string[]; fieldErrors?: Record<string, string[]> };
type SubmittedSecret = { reply: (options?: Reply) => SubmissionResult };

/** The result for an invalid form with a password: the schema's errors, or `refusal` beside its field or above the form. */
export function refuseForm(submission: SubmittedSecret, refusal?: { message: string; field?: string; retryAfter?: number }, status = 422) {
  const errors = refusal?.field ? { fieldErrors: { [refusal.field]: [refusal.message] } } : refusal && { formErrors: [refusal.message] };
  return data(
    { result: submission.reply({ hideFields: secrets, ...errors }) },
    {
      status,
      headers: refusal?.retryAfter === undefined ? undefined : { "Retry-After": String(refusal.retryAfter) },
    },
  );
}
