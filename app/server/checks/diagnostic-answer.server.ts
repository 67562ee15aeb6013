import type { Instant } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import type { Asker } from "~/server/posthog/flags/user-budget.server";
import type { Services } from "~/server/services.server";
import { type AnswerThen, answerThen } from "./point-in-time.server";

/** `features` null means all listed ones. `at`: defaults to now. */
export type DiagnosticQuestion = { tenant: string; features: string[] | null; user?: string; requested?: number; at?: Instant };

/**
 * Evaluates a check for a person who diagnoses it: neither cached nor counted. `user` is ignored for a past instant.
 * Throws FactsUnavailable.
 */
export async function diagnosticAnswer(services: Services, question: DiagnosticQuestion, asker: Asker): Promise<AnswerThen> {
  const { checks, facts } = services;
  const now = services.now();
  const { tenant, features, user, requested, at = now } = question;
  if (at < now) return answerThen(services, tenant, features, at, requested);
  const context = await checks.context(tenant, user, features, asker);
  const answered = checks.answerFrom(context, features, at, requested);
  const catalogue = facts.catalogue();
  const { facts: found } = context.held;
  return { ...answered, tenant: found && effective(found, catalogue, at), catalogue };
}
