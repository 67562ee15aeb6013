import type { Given } from "~/core/decision/given";
import type { Feature } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { KeyValue } from "~/ui/kit/key-value";

type Props = {
  plan: { key: string; name: string };
  feature: Feature;
  given: Given;
  inherited: Given;
  /** Name of the included plan. */
  includes: string | null;
};

/** A plan's current value of a feature, and its origin. */
export function CellNow({ plan, feature, given, inherited, includes }: Props) {
  return (
    <Card className="mb-4">
      <KeyValue
        items={[
          { label: "Plan", value: <TextLink to={paths.plan(plan.key)}>{plan.name}</TextLink> },
          {
            label: "Feature",
            value: (
              <>
                <TextLink to={paths.feature(feature.key)}>{feature.name}</TextLink>
                {feature.description && <span className="block text-ink-muted">{feature.description}</span>}
              </>
            ),
          },
          { label: "Gives now", value: <Gives given={given} /> },
          ...(includes === null
            ? []
            : [{ label: "Inherits", value: inherited ? <Gives given={inherited} /> : `nothing from ${includes}` }]),
        ]}
      />
    </Card>
  );
}

/** A value and the plan whose entry it is. */
export function Gives({ given }: { given: Given }) {
  if (!given) return <span className="text-ink-muted">not given</span>;
  return (
    <>
      <span className="font-medium">{given.text}</span>{" "}
      <span className="text-ink-muted">{given.own ? "by its own entry" : `from ${given.from}`}</span>
    </>
  );
}
