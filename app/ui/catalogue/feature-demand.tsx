import type { BoundedCount } from "~/core/bounded-count";
import type { ColumnDrawing } from "~/core/charts/drawings";
import { paths } from "~/paths";
import { boundedTenants } from "~/ui/kit/bounded-count";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { Sparkline } from "~/ui/kit/sparkline";

type FeatureChecks = {
  refused: { days: number; count: number; tenants: BoundedCount; trend: ColumnDrawing };
  unusedDays: number;
  byName: number;
  withAll: number;
};

/** Checks of a feature that were refused lately, and checks at all. */
export function FeatureDemand({ feature, asked: { refused, unusedDays, byName, withAll } }: { feature: string; asked: FeatureChecks }) {
  const { days, tenants, trend } = refused;
  return (
    <Section
      title={`Refused in ${days} days`}
      description="Checks that were answered no. Days are in UTC."
      actions={refused.count > 0 && <TextLink to={paths.demandFeature(feature, { days })}>See who</TextLink>}
      flush
    >
      {refused.count === 0 ? (
        <p className="px-4 py-3 text-ink-muted text-sm">Nothing was refused in the last {days} days.</p>
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3">
          <p className="text-ink text-sm">
            <span className="font-semibold text-xl tracking-tight">{count(refused.count)}</span> {refused.count === 1 ? "check" : "checks"}{" "}
            of {boundedTenants(tenants)}
          </p>
          <Sparkline drawing={trend} label={`Refusals per day, ${days} days`} className="h-8 w-full sm:w-56" />
        </div>
      )}
      <p className="border-line border-t px-4 py-2 text-ink-muted text-xs">{askedWords(byName, withAll, unusedDays)}</p>
    </Section>
  );
}

function askedWords(byName: number, withAll: number, days: number): string {
  const times = (n: number) => (n === 1 ? "once" : `${count(n)} times`);
  const all = withAll > 0 ? ` All features together were asked for ${times(withAll)}.` : "";
  if (byName === 0) return `Nobody asked for it by name in ${days} days.${all}`;
  return `Asked for by name ${times(byName)} in ${days} days.${all}`;
}
