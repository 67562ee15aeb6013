import type { PlanKind } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Code } from "~/ui/kit/code";
import { KeyValue } from "~/ui/kit/key-value";
import { count } from "~/ui/kit/pagination";

type Named = { key: string; name: string };
type Props = {
  plan: { key: string; kind: PlanKind; rank: number };
  includes: Named | null;
  includedBy: readonly Named[];
  moreIncludedBy: number;
  own: number;
  inherited: number;
};

/** A plan's settings, and the plans that it is related to. */
export function PlanFacts({ plan, includes, includedBy, moreIncludedBy, own, inherited }: Props) {
  return (
    <KeyValue
      items={[
        { label: "Key", value: <Code>{plan.key}</Code> },
        { label: "Kind", value: plan.kind === "add_on" ? "Add-on" : "Plan" },
        { label: "Rank", value: String(plan.rank) },
        { label: "Includes", value: includes && <TextLink to={paths.plan(includes.key)}>{includes.name}</TextLink> },
        {
          label: "Included by",
          value:
            includedBy.length === 0
              ? null
              : includedBy.map(({ key, name }, i) => (
                  <span key={key}>
                    {i > 0 && ", "}
                    <TextLink to={paths.plan(key)}>{name}</TextLink>
                    {i === includedBy.length - 1 && moreIncludedBy > 0 && ` and ${count(moreIncludedBy)} more`}
                  </span>
                )),
        },
        { label: "Own features", value: count(own) },
        { label: "Inherited", value: count(inherited) },
      ]}
    />
  );
}
