import { unpackChoices } from "~/core/catalogue/choices";
import { Checkbox } from "~/ui/kit/choices";
import { Field, type FieldMeta } from "~/ui/kit/field";
import { Select } from "~/ui/kit/inputs";

type Props = {
  /** From `packChoices`. */
  plans: string;
  addOns: readonly { key: string; name: string; description: string | null }[];
  chosen: { plan: string | null; addOns: readonly string[] };
  /** Conform's fields, if the form uses conform. */
  fields?: { plan: FieldMeta; addOns: FieldMeta };
};

/** A tenant's plan and add-ons, as `plan` and `addOns`. An empty plan means none. */
export function PlanFields({ plans, addOns, chosen, fields }: Props) {
  return (
    <div className="grid gap-x-6 sm:grid-cols-2">
      <Field label="Plan" name="plan" field={fields?.plan}>
        <Select
          key={chosen.plan}
          defaultValue={chosen.plan ?? ""}
          options={[["", "No plan"], ...unpackChoices(plans).map(({ key, name }) => [key, name] as const)]}
        />
      </Field>
      {addOns.length > 0 && (
        <Field label="Add-ons" name="addOns" field={fields?.addOns} group>
          <div className="max-h-48 overflow-y-auto">
            {addOns.map((addOn) => (
              <Checkbox
                key={`${addOn.key} ${chosen.addOns.includes(addOn.key)}`}
                name="addOns"
                value={addOn.key}
                defaultChecked={chosen.addOns.includes(addOn.key)}
                label={addOn.name}
                hint={addOn.description}
              />
            ))}
          </div>
        </Field>
      )}
    </div>
  );
}
