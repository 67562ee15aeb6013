import type { PostHog } from "posthog-node";
import type { FlagReading } from "~/core/model";
import type { FlagDefinitions } from "./flag-definitions.server";
import type { FlagQuestion } from "./remote-flags.server";

/**
 * Evaluates flags from cached definitions. Flags that need data only PostHog has (a property, a cohort, an unknown
 * flag) are absent from the result.
 */
export async function askLocalFlags(
  client: PostHog,
  { payload: payloadOf }: Pick<FlagDefinitions, "payload">,
  question: () => FlagQuestion,
): Promise<Map<string, FlagReading>> {
  const verdicts = new Map<string, FlagReading>();
  // Before the first definitions arrive, the SDK would fetch them while the caller waits.
  if (!client.isLocalEvaluationReady()) return verdicts;
  const { distinctId, groups, groupProperties, flags } = question();
  const snapshot = await client.evaluateFlags(distinctId, { groups, groupProperties, flagKeys: [...flags], onlyEvaluateLocally: true });
  const unresolved = new Set(Object.keys(snapshot.unresolvedFlags));
  for (const key of snapshot.keys) {
    if (unresolved.has(key)) continue;
    const value = snapshot.getFlag(key, { sendFeatureFlagEvents: false });
    if (value === undefined) continue;
    if (value === false) {
      verdicts.set(key, { state: "off" });
      continue;
    }
    const variant = typeof value === "string" ? value : undefined;
    // The SDK's version drops 0 and false, and does not distinguish a string from its JSON.
    const payload = payloadOf(key, variant);
    verdicts.set(key, { state: "on", ...(payload === undefined ? {} : { payload }), ...(variant === undefined ? {} : { variant }) });
  }
  return verdicts;
}
