import { nothing } from "~/server/posthog/flags/flag-readings";
import type { Services } from "~/server/services.server";
import type { PageAnswers, PageQuestion } from "./page-messages";

type Needs = Pick<Services, "facts" | "counts" | "posthog" | "systemStatus">;

/** Answers what the page process asks the server. */
export function answersForPages({ facts, counts, posthog, systemStatus }: Needs) {
  async function flagsOf({ tenant, revision, user, features }: Extract<PageQuestion, { kind: "flags" }>): Promise<PageAnswers["flags"]> {
    let held = await facts.tenant(tenant);
    if ((held.facts?.revision ?? 0) < revision) {
      await facts.catchUpNow([tenant]);
      held = await facts.tenant(tenant);
    }
    const { readings } = held.facts && posthog ? await posthog.flags.of(held.facts, user, features) : nothing;
    return readings;
  }

  return async (question: PageQuestion): Promise<PageAnswers[PageQuestion["kind"]]> => {
    switch (question.kind) {
      case "flush":
        await Promise.all([counts.flush(), posthog?.flushLast()]);
        return null;
      case "flags":
        return flagsOf(question);
      case "flagReport":
        return posthog ? posthog.flagReport(question.tenant) : { status: null, answeredAt: null };
      case "status":
        return (await systemStatus()).server;
    }
  };
}
