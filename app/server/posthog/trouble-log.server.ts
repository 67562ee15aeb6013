import type { Logger } from "pino";
import type { PosthogSettings } from "./settings.server";

export type TroubleLog = ReturnType<typeof createTroubleLog>;

/**
 * Logs each PostHog failure once and its recovery once. POSTHOG_DEBUG logs every failure; POSTHOG_ERROR_MODE=ignore
 * logs none.
 */
export function createTroubleLog({ errorMode, debug }: Pick<PosthogSettings, "errorMode" | "debug">, log: Logger) {
  const lasting = new Set<string>();
  const isQuiet = errorMode === "ignore";
  return {
    /** `what` identifies the failure, so that its recovery is matched. */
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
