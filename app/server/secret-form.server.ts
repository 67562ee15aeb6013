import type { SubmissionResult } from "@conform-to/react";
import { data } from "@remix-run/node";

/** Fields that are never sent back to be shown again. */
const secrets = ["password", "current"];

type Reply = { hideFields: string[]; formErrors?: string[]; fieldErrors?: Record<string, string[]> };
type Submitted = { reply: (options?: Reply) => SubmissionResult };

/** What is wrong with a form that holds a password: what the schema said, or `refusal` beside its field or above the form. */
export function refuseForm(submission: Submitted, refusal?: { message: string; field?: string; retryAfter?: number }, status = 422) {
  const errors = refusal?.field ? { fieldErrors: { [refusal.field]: [refusal.message] } } : refusal && { formErrors: [refusal.message] };
  return data(
    { result: submission.reply({ hideFields: secrets, ...errors }) },
    {
      status,
      headers: refusal?.retryAfter === undefined ? undefined : { "Retry-After": String(refusal.retryAfter) },
    },
  );
}
