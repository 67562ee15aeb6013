import { type FactsCache, FactsUnavailable } from "~/server/facts/facts-cache.server";
import { nothing } from "~/server/posthog/flags/flag-readings";
import type { OtherFlags } from "~/server/posthog/flags/flags.server";
import { hasLinks } from "~/server/posthog/flags/linked-flags";
import type { PageAnswers, PageMessage, PageOrder, PageQuestion } from "./page-messages";

export type ServerLink = ReturnType<typeof createServerLink>;

/** The page process's connection to the server. */
export function createServerLink() {
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  const say = (message: PageMessage) => process.connected && process.send?.(message);

  function ask<Q extends PageQuestion>(question: Q): Promise<PageAnswers[Q["kind"]]> {
    const id = ++last;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      say({ kind: "ask", id, question });
    });
  }

  return {
    say,
    /** Check counts and last flag values that the server has in memory are written when it resolves. */
    flush: () => ask({ kind: "flush" }),
    status: () => ask({ kind: "status" }),
    /** Settles the question that a message answers. */
    settle(message: Extract<PageOrder, { kind: "answer" | "failed" }>): void {
      const question = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.kind === "answer") question?.resolve(message.result);
      else question?.reject(message.error);
    },
    /** The server's flags, so that a page shows what the next check answers, and PostHog is asked once. */
    flagsFor: (facts: FactsCache): OtherFlags => ({
      async of(tenant, user, features = null) {
        if (!hasLinks(facts.catalogue())) return nothing;
        const { key, revision } = tenant;
        const readings = await ask({ kind: "flags", tenant: key, revision, user, features }).catch((cause) => {
          throw new FactsUnavailable("The server cannot read this tenant.", { cause });
        });
        return { readings };
      },
      report: (tenant) => ask({ kind: "flagReport", tenant }),
    }),
  };
}
