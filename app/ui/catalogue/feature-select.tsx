import type { ComponentProps } from "react";
import { Select } from "~/ui/kit/inputs";

type Option = { key: string; name: string; group: string | null };
type Props = Omit<ComponentProps<typeof Select>, "options"> & { options: readonly Option[] };

/** Selects one of many features by group, in the given order. */
export function FeatureSelect({ options, ...props }: Props) {
  const groups = [...new Set(options.map((o) => o.group))];
  const list = (group: string | null) =>
    options
      .filter((o) => o.group === group)
      .map(({ key, name }) => (
        <option key={key} value={key}>
          {name === key ? key : `${name} (${key})`}
        </option>
      ));
  return (
    <Select {...props} defaultValue={props.defaultValue ?? ""}>
      <option value="">Choose a feature</option>
      {groups.map((group) =>
        groups.length === 1 ? (
          list(group)
        ) : (
          <optgroup key={group ?? ""} label={group ?? "Other features"}>
            {list(group)}
          </optgroup>
        ),
      )}
    </Select>
  );
}
