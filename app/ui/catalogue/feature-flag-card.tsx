import type { FlagLink } from "~/core/model";
import { flagRuleWords, whenUnknownWords } from "~/forms/catalogue/feature-words";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { KeyValue } from "~/ui/kit/key-value";

const states = {
  active: <Badge tone="yes">Switched on</Badge>,
  inactive: <Badge tone="warn">Switched off</Badge>,
  unknown: <Badge>Not known</Badge>,
};

/** The PostHog flag of a feature and its state there. */
export function FeatureFlagCard({ flag, state }: { flag: FlagLink; state: keyof typeof states | null }) {
  const labelOf = (words: readonly (readonly [string, string])[], value: string) => words.find(([key]) => key === value)?.[1];
  return (
    <Section title="PostHog flag" actions={<TextLink to={paths.flags()}>All flags</TextLink>}>
      <KeyValue
        items={[
          { label: "Flag", value: <Code>{flag.key}</Code> },
          { label: "In PostHog", value: states[state ?? "unknown"] },
          { label: "It may", value: labelOf(flagRuleWords, flag.rule) },
          { label: "If unavailable", value: labelOf(whenUnknownWords, flag.whenUnknown) },
        ]}
      />
    </Section>
  );
}
