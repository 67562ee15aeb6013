import type { Audience } from "~/core/flag-filters";
import type { Instant } from "~/core/model";
import type { FlagDefinitions } from "./flag-definitions.server";
import { askReasons } from "./remote-flags.server";
import type { PosthogSettings } from "./settings.server";

/** Somebody may have made another flag of it in PostHog: asked again after so long, in milliseconds. */
const askAgainAfter = 600_000;

/** `audience` null: PostHog has no such flag, or an inactive one, which is off for everybody. */
type Learned = { audience: Audience | null; at: Instant };

/**
 * Whom flags tell apart. Definitions say so; without them PostHog is asked once, naming no group: a flag that then finds none is
 * of groups, and any other of persons, at least in part.
 */
export function createFlagAudiences(settings: PosthogSettings, definitions: Pick<FlagDefinitions, "audience">, elapsed: () => number) {
  const learned = new Map<string, Learned>();
  let asking: Promise<void> | undefined;
  let version = 0;

  const isUnknown = (flag: string) => !learned.has(flag);
  function isOld(flag: string): boolean {
    const known = learned.get(flag);
    return known !== undefined && elapsed() - known.at >= (known.audience === null ? settings.flagsTtl : askAgainAfter);
  }

  async function ask(flags: string[]): Promise<void> {
    const ofNobody = { distinctId: "latchkey", groups: {}, groupProperties: {}, flags };
    const reasons = await askReasons(settings, ofNobody, settings.flagTimeout);
    for (const flag of flags) {
      const reason = reasons.get(flag);
      const audience = reason === undefined ? null : reason === null || reason === "no_group_type" ? "tenants" : "persons";
      const before = learned.get(flag)?.audience;
      learned.set(flag, { audience, at: elapsed() });
      if (before !== undefined && before !== audience) version += 1;
    }
  }

  const of = (flag: string): Audience | undefined => definitions.audience(flag) ?? learned.get(flag)?.audience ?? undefined;

  async function learn(flags: readonly string[]): Promise<void> {
    const mine = flags.filter((flag) => definitions.audience(flag) === undefined && (isUnknown(flag) || isOld(flag)));
    if (mine.length === 0) return;
    asking ??= ask(mine).finally(() => {
      asking = undefined;
    });
    // What was known goes on counting meanwhile.
    if (!mine.some(isUnknown)) return void asking.catch(() => {});
    await asking;
    // What was under way may have been about other flags.
    if (mine.some(isUnknown)) await learn(mine);
  }

  return {
    /** Undefined: not known. */
    of,
    /** Cannot be answered for a tenant alone, or not in full. */
    isOfPersons: (flag: string): boolean => ["persons", "mixed"].includes(of(flag) ?? ""),
    /** Asks for what is not known yet. Rejects with FlagsUnavailable. */
    learn,
    /** Another number when a flag that was known tells others apart. */
    version: () => version,
  };
}
export type FlagAudiences = ReturnType<typeof createFlagAudiences>;
