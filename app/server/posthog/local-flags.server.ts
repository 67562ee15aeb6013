import type { PostHog } from "posthog-node";
import type { FlagDefinitions } from "./flag-definitions.server";
import type { FlagQuestion, Verdict } from "./remote-flags.server";

/**
 * What this process can say by itself from the definitions it holds. Flags that it cannot decide (a property or a cohort
 * that only PostHog knows, a flag that it never heard of) are absent from the result.
 */
export async function askLocalFlags(
  client: PostHog,
  { payload: payloadOf }: Pick<FlagDefinitions, "payload">,
  question: () => FlagQuestion,
): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  // Before the first definitions the SDK would fetch them now, and the caller would wait for it.
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
    // The SDK's own leaves out 0 and false, and does not tell a text from what the text says.
    const payload = payloadOf(key, variant);
    verdicts.set(key, { state: "on", ...(payload === undefined ? {} : { payload }), ...(variant === undefined ? {} : { variant }) });
  }
  return verdicts;
}
