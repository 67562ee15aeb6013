import type { Instant } from "~/core/model";
import type { FlagTarget } from "~/core/posthog/flag-filters";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { FlagDefinitions } from "./flag-definitions.server";
import { askReasons } from "./remote-flags.server";

/** The flag may change in PostHog. It is looked up again after this, in ms. */
const askAgainAfter = 600_000;

/** `audience` is null if PostHog has no such flag or it is inactive, and so off for everyone. */
type Learned = { audience: FlagTarget | null; at: Instant };

/**
 * Determines whether a flag targets groups, persons or both. Definitions say so. Without them PostHog is asked once
 * without a group: a flag that then reports a missing group targets groups; others target persons, at least partly.
 */
export function createFlagTargets(settings: PosthogSettings, definitions: Pick<FlagDefinitions, "audience">, elapsed: () => number) {
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

  const of = (flag: string): FlagTarget | undefined => definitions.audience(flag) ?? learned.get(flag)?.audience ?? undefined;

  async function learn(flags: readonly string[]): Promise<void> {
    const mine = flags.filter((flag) => definitions.audience(flag) === undefined && (isUnknown(flag) || isOld(flag)));
    if (mine.length === 0) return;
    asking ??= ask(mine).finally(() => {
      asking = undefined;
    });
    // The cached targets stay in use meanwhile.
    if (!mine.some(isUnknown)) return void asking.catch(() => {});
    await asking;
    // The request in flight may have been about other flags.
    if (mine.some(isUnknown)) await learn(mine);
  }

  return {
    /** Undefined if unknown. */
    of,
    /** True if the flag cannot be fully answered for a tenant alone. */
    isOfPersons: (flag: string): boolean => ["persons", "mixed"].includes(of(flag) ?? ""),
    /** Requests unknown targets. Rejects with FlagsUnavailable. */
    learn,
    /** Increases when a known flag's target changes. */
    version: () => version,
  };
}
export type FlagTargets = ReturnType<typeof createFlagTargets>;
