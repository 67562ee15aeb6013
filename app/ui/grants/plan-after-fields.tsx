import { RadioCards } from "~/ui/kit/choices";
import { Field, type FieldMeta } from "~/ui/kit/field";
import { Select, TextInput } from "~/ui/kit/inputs";

type Meta = FieldMeta & { initialValue?: string };
type Props = {
  /** Plans that the tenant may move to. Null if there are too many to list. */
  plans: readonly { key: string; name: string }[] | null;
  /** The plan of the bundle, listed first. Null without one. */
  bundle: string | null;
  whenItEnds: Meta;
  planAfter: Meta;
};

/** What happens when the trial ends: nothing, or a move to a plan, whose input appears when that is selected. */
export function PlanAfterFields({ plans, bundle, whenItEnds, planAfter }: Props) {
  const first = plans?.filter(({ key }) => key === bundle) ?? [];
  const others = plans?.filter(({ key }) => key !== bundle) ?? [];
  return (
    <div className="group/end">
      <Field label="When it ends" field={whenItEnds} group>
        <RadioCards
          name={whenItEnds.name}
          checked={whenItEnds.initialValue ?? "nothing"}
          columns={2}
          options={[
            { value: "nothing", label: "Nothing happens", hint: "The tenant keeps its plan." },
            { value: "plan", label: "Move to a plan", hint: "Until then it can be moved or cancelled." },
          ]}
        />
      </Field>
      <div className="hidden group-has-[[name=whenItEnds][value=plan]:checked]/end:block">
        <Field label="Plan afterwards" field={planAfter} hint="It follows the end of the trial, and is cancelled if that is ended early.">
          {plans === null ? (
            <TextInput defaultValue={planAfter.initialValue} placeholder="Key of a plan" maxLength={100} autoComplete="off" />
          ) : (
            <Select
              defaultValue={planAfter.initialValue ?? ""}
              options={[["", "Choose a plan"], ...[...first, ...others].map(({ key, name }) => [key, name] as const)]}
            />
          )}
        </Field>
      </div>
    </div>
  );
}
