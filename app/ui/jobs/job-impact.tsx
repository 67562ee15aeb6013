import { Link } from "@remix-run/react";
import { effectLabels, type TenantEffect, tenantEffects } from "~/core/impact/impact-result";
import { paths } from "~/paths";
import { Section } from "~/ui/kit/card";
import { Stat, StatRow } from "~/ui/kit/key-value";
import { count } from "~/ui/kit/pagination";

/** Of a preview: how many tenants lose and gain features, each number with its list of tenants. */
export function JobImpact({ id, counts }: { id: string; counts: { [E in TenantEffect]: number } }) {
  return (
    <Section title="What tenants lose and gain" id="impact" bare>
      <StatRow className="max-sm:grid-cols-1">
        {tenantEffects.map((effect) => (
          <Stat
            key={effect}
            label={effectLabels[effect]}
            value={count(counts[effect])}
            hint={
              counts[effect] > 0 ? (
                <Link to={paths.impact(id, { effect, back: paths.job(id) })} className="text-accent hover:underline">
                  See who<span className="sr-only">: {effectLabels[effect]}</span>
                </Link>
              ) : undefined
            }
          />
        ))}
      </StatRow>
    </Section>
  );
}
