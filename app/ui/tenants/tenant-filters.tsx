import { useSearchParams } from "@remix-run/react";
import { SlidersHorizontal } from "lucide-react";
import { endingSoonDays, tenantFilterNames, withoutPlan } from "~/forms/tenants/tenant-list-params";
import { Button, buttonLook } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { FilterBar, FilterChoice, FilterSelect, FilterText, SearchBox } from "~/ui/kit/filters";

type Choices = { key: string; name: string }[] | null;
export type TenantFilterChoices = { plans: Choices; addOns: Choices; metadataKeys: string[] };

const throughWords = {
  plan: "through its plan",
  add_on: "through an add-on",
  trial: "through a trial",
  override: "through an override",
  limit: "and reached its limit",
};

const trialDays = [endingSoonDays, 14, 30];

type TenantFiltersProps = TenantFilterChoices & {
  /** Absent on pages where "feature" is not a filter of tenants. */
  features?: Choices;
  /** Query parameters that the filters set or reset. */
  names?: readonly string[];
  /** Enter in the search box opens a single match. */
  opensOnly?: boolean;
  className?: string;
};

/** Filters of a list of tenants. The rarer ones are folded away. */
export function TenantFilters({ plans, addOns, features, metadataKeys, names = tenantFilterNames, ...rest }: TenantFiltersProps) {
  const [params] = useSearchParams();
  const rare = ["addOn", "feature", "metaKey"].filter((name) => names.includes(name) && params.get(name));
  const trial = params.get("trial");
  const days = trial && /^\d+$/.test(trial) && !trialDays.includes(Number(trial)) ? [...trialDays, Number(trial)] : trialDays;
  return (
    <FilterBar names={names} className={rest.className}>
      <SearchBox label="Search name or key" opensOnly={rest.opensOnly} />
      <FilterChoice name="plan" label="Plan" typed="Plan key" choices={plans} more={[[withoutPlan, "Without a plan"]]} />
      <FilterSelect
        name="status"
        label="Status"
        options={[
          ["active", "Active"],
          ["suspended", "Suspended"],
          ["archived", "Archived"],
        ]}
      />
      <FilterSelect
        name="trial"
        label="Trials"
        options={[
          ["live", "On trial"],
          ...days.map((n) => [n === endingSoonDays && trial === "ending" ? "ending" : String(n), `Trial ends in ${n} days`] as const),
        ]}
      />
      <details className="group/more max-sm:open:w-full" open={rare.length > 0}>
        <summary className={cx(buttonLook({ variant: rare.length > 0 ? "secondary" : "ghost" }), "w-fit")}>
          <SlidersHorizontal aria-hidden="true" />
          More filters
          {rare.length > 0 && <span className="text-accent">{rare.length}</span>}
        </summary>
        <div className="mt-2 flex flex-wrap items-center gap-2 rounded-card border border-line bg-surface p-3">
          {features !== undefined && (
            <>
              <FilterChoice name="feature" label="Has feature" typed="Has feature key" choices={features} />
              <FilterSelect
                name="through"
                label={throughWords.plan}
                options={Object.entries(throughWords).filter(([through]) => through !== "plan")}
              />
            </>
          )}
          <FilterChoice name="addOn" label="Add-on" typed="Add-on key" choices={addOns} />
          <FilterText name="metaKey" label="Metadata key" suggestions={metadataKeys} />
          <FilterText name="metaValue" label="Metadata value" />
          <Button>Apply filters</Button>
        </div>
      </details>
    </FilterBar>
  );
}
