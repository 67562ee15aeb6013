import type { Logger } from "pino";
import type { PosthogSettings } from "./settings.server";

export type TroubleLog = ReturnType<typeof createTroubleLog>;

/**
 * What PostHog fails to do stands in the log once, and once more when it is over. POSTHOG_DEBUG writes each time that it
 * fails, POSTHOG_ERROR_MODE=ignore nothing at all.
 */
export function createTroubleLog({ errorMode, debug }: Pick<PosthogSettings, "errorMode" | "debug">, log: Logger) {
  const lasting = new Set<string>();
  const isQuiet = errorMode === "ignore";
  return {
    /** `what` names the trouble, so that its end is known as its own. */
    lasts(what: string, fields: { err?: unknown; why?: string }, sentence: string): void {
      const isNew = !lasting.has(what);
      lasting.add(what);
      if (!isQuiet && (isNew || debug)) log.warn(fields, sentence);
    },
    isOver(what: string, sentence: string): void {
      if (lasting.delete(what) && !isQuiet) log.info(sentence);
    },
  };
}
