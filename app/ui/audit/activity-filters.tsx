import { useSearchParams } from "@remix-run/react";
import { actionWords } from "~/core/audit/action-words";
import type { Actor } from "~/core/model";
import { actorValue, auditFilters, auditSubjects } from "~/forms/audit/audit-names";
import { Details } from "~/ui/kit/details";
import { FilterBar, FilterDate, FilterSelect, SearchBox } from "~/ui/kit/filters";
import { zoneWords } from "~/ui/kit/inputs";

const kindWords = {
  tenant: "Tenants",
  feature: "Features",
  plan: "Plans",
  catalogue: "Catalogue",
  api_key: "API keys",
  webhook: "Webhooks",
  job: "Jobs",
  admin: "People",
  settings: "Settings",
  export: "Exports",
};
const kinds = auditSubjects.map((kind) => [kind, kindWords[kind]] as const);

/** Filters behind "More filters". */
const further = ["kind", "tenant", "feature", "from", "to"] as const;

type Props = {
  actors: readonly Actor[];
  actions: readonly string[];
  features: readonly { key: string; name: string }[];
  /** In which the days begin. */
  zone: string;
};

export function ActivityFilters({ actors, actions, features, zone }: Props) {
  const [params] = useSearchParams();
  const set = further.filter((name) => params.get(name));
  return (
    <FilterBar names={[...auditFilters, "before", "zone"]} className="mb-3">
      <SearchBox label="Search names, keys, reasons, values" />
      <FilterSelect name="actor" label="Anyone" options={actors.map((actor) => [actorValue(actor), actor.name])} />
      <FilterSelect name="action" label="All actions" options={actions.map((action) => [action, actionWords(action)])} />
      <FilterSelect name="signins" label="Without sign-ins" options={[["yes", "With sign-ins"]]} />
      <Details
        summary={set.length > 0 ? `More filters, ${set.length} set` : "More filters"}
        open={set.length > 0}
        className="order-last w-full"
      >
        <div className="flex flex-wrap items-center gap-2">
          <SearchBox name="tenant" label="Tenant key" className="sm:w-48" />
          <FilterSelect name="feature" label="All features" options={features.map(({ key, name }) => [key, name])} />
          <FilterSelect name="kind" label="All subjects" options={kinds} />
          <input type="hidden" name="zone" value={zone} />
          <FilterDate name="from" label="From" />
          <FilterDate name="to" label="To" />
          <span className="text-ink-faint text-xs">Days in {zoneWords(zone)}</span>
        </div>
      </Details>
    </FilterBar>
  );
}
