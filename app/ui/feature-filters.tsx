import { featureTypes } from "~/core/model";
import { typeWords } from "~/forms/feature-words";
import { FilterBar, FilterSelect, SearchBox } from "./filters";

const types = featureTypes.map((type) => [type, typeWords[type]] as const);

/** Search, group and type, as the grid and the list of features share them. */
export function FeatureFilters({
  groups,
  archived,
}: {
  groups: readonly string[] /** Whether archived ones can be asked for. */;
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
