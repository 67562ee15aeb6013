import { featureTypes } from "~/core/model";
import { typeWords } from "~/forms/catalogue/feature-words";
import { FilterBar, FilterSelect, SearchBox } from "~/ui/kit/filters";

const types = featureTypes.map((type) => [type, typeWords[type]] as const);

/** Search, group and type filters, shared by the grid and the list of features. */
export function FeatureFilters({
  groups,
  archived,
}: {
  groups: readonly string[] /** Whether archived ones can be selected. */;
  archived?: boolean;
}) {
  return (
    <FilterBar names={archived ? ["q", "group", "type", "status"] : ["q", "group", "type"]}>
      <SearchBox label="Search features" />
      {groups.length > 0 && <FilterSelect name="group" label="All groups" options={groups.map((group) => [group, group])} />}
      <FilterSelect name="type" label="All types" options={types} />
      {archived && <FilterSelect name="status" label="In use" options={[["archived", "Archived"]]} />}
    </FilterBar>
  );
}
