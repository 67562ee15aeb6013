import { type FlagLook, type LinkFinding, linkFindings, tieRefusal } from "~/core/catalogue/feature-flags";
import type { Feature, FlagLink } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import type { Services } from "~/server/services.server";

type Linked = Feature & { flag: FlagLink };
export const isLinked = (feature: Feature): feature is Linked => feature.flag !== null;

/** Findings about the linked flag, or none if PostHog is off or unavailable. */
export async function linkFindingsOf(
  { posthog }: Services,
  features: readonly Linked[],
): Promise<{ feature: Linked; findings: LinkFinding[] }[]> {
  if (!posthog) return [];
  const looks = await posthog.flagLook.lookUp([...new Set(features.map((f) => f.flag.key))]);
  const lookAt = ({ flag }: Linked): FlagLook => looks.get(flag.key) ?? { is: "unknown" };
  return features.map((feature) => ({ feature, findings: linkFindings(feature, lookAt(feature), posthog.settings.groupType) }));
}

/**
 * Returns why the feature may not be linked to the flag, or null if it may or PostHog cannot be asked. An unchanged
 * link is not checked, so that other fields stay editable. Makes a network request; call it outside of transactions.
 */
export async function linkProblem(
  { posthog, facts }: Services,
  feature: string,
  tie: FlagLink | null | undefined,
): Promise<Refusal | null> {
  if (!posthog || !tie) return null;
  const before = facts.catalogue().features.get(feature)?.flag;
  if (before?.key === tie.key && before.rule === tie.rule) return null;
  const looks = await posthog.flagLook.lookUp([tie.key]);
  return tieRefusal(tie, looks.get(tie.key) ?? { is: "unknown" }, posthog.settings.groupType);
}
