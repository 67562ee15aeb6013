import type { ComponentProps } from "react";
import { type GroupOfChoices, unpackChoices } from "~/core/catalogue/choices";
import { Select } from "~/ui/kit/inputs";

type Props = Omit<ComponentProps<typeof Select>, "options"> & {
  /** From `packByGroup`. */
  options: readonly GroupOfChoices[];
};

/** Selects one of many features by group, in the given order. */
export function FeatureSelect({ options, ...props }: Props) {
  const list = (features: string) =>
    unpackChoices(features).map(({ key, name }) => (
      <option key={key} value={key}>
        {name === key ? key : `${name} (${key})`}
      </option>
    ));
  return (
    <Select {...props} defaultValue={props.defaultValue ?? ""}>
      <option value="">Choose a feature</option>
      {options.map(({ group, features }) =>
        options.length === 1 ? (
          list(features)
        ) : (
          <optgroup key={group ?? ""} label={group ?? "Other features"}>
            {list(features)}
          </optgroup>
        ),
      )}
    </Select>
  );
}
