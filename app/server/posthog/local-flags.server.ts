import type { PostHog } from "posthog-node";
import type { Json } from "~/core/model";
import { type FlagQuestion, readPayload, type Verdict } from "./remote-flags.server";

/**
 * What this process can say by itself from the definitions it holds. Flags that it cannot decide (a property or a cohort
 * that only PostHog knows, a flag that it never heard of) are absent from the result.
 */
export async function askLocalFlags(client: PostHog, question: FlagQuestion): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  // Before the first definitions the SDK would fetch them now, and the caller would wait for it.
  if (!client.isLocalEvaluationReady()) return verdicts;
  const { distinctId, groups, groupProperties, flags } = question;
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
    const payload = readPayload(snapshot.getFlagPayload(key)) as Json | undefined;
    verdicts.set(key, {
      state: "on",
      ...(payload === undefined ? {} : { payload }),
      ...(typeof value === "string" ? { variant: value } : {}),
    });
  }
  return verdicts;
}
