import { describeConfig, describeFlag } from "~/core/catalogue/catalogue-words";
import type { Feature } from "~/core/model";
import { resetWords, typeWords } from "~/forms/catalogue/feature-words";
import { Code } from "~/ui/kit/code";
import { KeyValue, type KeyValueItem } from "~/ui/kit/key-value";

/** A feature's settings. `withFlag`: also its description and flag, which its own page shows elsewhere. */
export function FeatureFacts({ feature, withFlag }: { feature: Feature; withFlag?: boolean }) {
  return (
    <KeyValue
      items={[
        { label: "Key", value: <Code>{feature.key}</Code> },
        { label: "Type", value: typeWords[feature.type] },
        { label: "Group", value: feature.group },
        ...(feature.askUrl === undefined ? [] : [{ label: "Link to ask", value: <Code>{feature.askUrl}</Code> }]),
        ...settingsOf(feature),
        ...(withFlag
          ? [
              { label: "Description", value: feature.description },
              { label: "PostHog flag", value: describeFlag(feature.flag) },
            ]
          : []),
      ]}
    />
  );
}

function settingsOf(feature: Feature): KeyValueItem[] {
  if (feature.type === "config") return [{ label: "Value", value: describeConfig(feature.config) }];
  if (feature.type !== "metered") return [];
  const { unit, resetPeriod, soft } = feature.meter;
  return [
    { label: "Unit", value: unit },
    { label: "Resets", value: resetWords.find(([period]) => period === resetPeriod)?.[1] },
    { label: "At the limit", value: soft ? "Still a yes (soft)" : "A no (hard)" },
  ];
}
