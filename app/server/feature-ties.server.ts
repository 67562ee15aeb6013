import { type FlagLook, type TieFinding, tieFindings, tieRefusal } from "~/core/flag-ties";
import type { Feature, FlagTie } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import type { Services } from "./services.server";

type Tied = Feature & { flag: FlagTie };
export const isTied = (feature: Feature): feature is Tied => feature.flag !== null;

/** What is to be known of the flag that a feature is tied to; nothing where PostHog is off or cannot be asked. */
export async function findingsOfTies(
  { posthog }: Services,
  features: readonly Tied[],
): Promise<{ feature: Tied; findings: TieFinding[] }[]> {
  if (!posthog) return [];
  const looks = await posthog.flagLook.lookUp([...new Set(features.map((f) => f.flag.key))]);
  const lookAt = ({ flag }: Tied): FlagLook => looks.get(flag.key) ?? { is: "unknown" };
  return features.map((feature) => ({ feature, findings: tieFindings(feature, lookAt(feature), posthog.settings.groupType) }));
}

/**
 * Why the feature must not be tied so; null: it may, or PostHog cannot be asked. A tie that it has already is not asked about, so
 * that the rest of it can be changed. Call it outside of a transaction: it asks over a network.
 */
export async function whyNotTied({ posthog, facts }: Services, feature: string, tie: FlagTie | null | undefined): Promise<Refusal | null> {
  if (!posthog || !tie) return null;
  const before = facts.catalogue().features.get(feature)?.flag;
  if (before?.key === tie.key && before.rule === tie.rule) return null;
  const looks = await posthog.flagLook.lookUp([tie.key]);
  return tieRefusal(tie, looks.get(tie.key) ?? { is: "unknown" }, posthog.settings.groupType);
}
