import type { Logger } from "pino";
import type { FlagLook } from "~/core/catalogue/feature-flags";
import type { FlagFilters } from "~/core/posthog/flag-filters";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { FlagDefinitions } from "./flag-definitions.server";
import type { FlagTargets } from "./flag-targets.server";
import { askReasons, FlagsUnavailable } from "./remote-flags.server";

/** A page waits for it, in ms. */
const timeoutMs = 2_000;

type Parts = {
  settings: PosthogSettings;
  definitions: Pick<FlagDefinitions, "find" | "audience">;
  audiences: Pick<FlagTargets, "learn" | "of">;
  log: Logger;
};

/** Looks up what PostHog knows of a flag, before a feature is linked to it. */
export function createFlagLook({ settings, definitions, audiences, log }: Parts) {
  function inDefinitions(key: string): FlagLook | undefined {
    const found = definitions.find(key);
    if (!found) return undefined;
    return {
      is: "found",
      active: found.active !== false,
      audience: definitions.audience(key),
      filters: (found.filters ?? null) as FlagFilters | null,
    };
  }

  /** Definitions may be older than the flag, or leave flags out. Missing ones are requested. */
  async function lookUp(keys: readonly string[]): Promise<Map<string, FlagLook>> {
    const looks = new Map(keys.flatMap((key) => [[key, inDefinitions(key)] as const]).filter(([, look]) => look)) as Map<string, FlagLook>;
    const open = keys.filter((key) => !looks.has(key));
    if (open.length === 0) return looks;
    try {
      // A group that does not exist: only the flag's target is of interest.
      const ofNobody = { distinctId: "latchkey", groups: { [settings.groupType]: "latchkey" }, groupProperties: {}, flags: open };
      const [reasons] = await Promise.all([askReasons(settings, ofNobody, timeoutMs), audiences.learn(open)]);
      for (const key of open) looks.set(key, lookOf(key, reasons.get(key)));
    } catch (err) {
      if (!(err instanceof FlagsUnavailable)) throw err;
      log.debug({ err }, "flags cannot be looked up");
      for (const key of open) looks.set(key, { is: "unknown" });
    }
    return looks;
  }

  function lookOf(key: string, reason: string | null | undefined): FlagLook {
    // Definitions contain inactive flags too.
    if (reason === undefined) return { is: definitions.find(key) === undefined ? "silent" : "missing" };
    const audience = reason === "no_group_type" ? "elsewhere" : audiences.of(key);
    return { is: "found", active: true, audience, filters: null };
  }

  return { inDefinitions, lookUp };
}
