import { nameOfKey } from "~/forms/catalogue/feature-value";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Checkbox } from "~/ui/kit/choices";
import { Field } from "~/ui/kit/field";
import { count } from "~/ui/kit/pagination";
import type { Choice } from "./feature-picker";
import { ValueInput, valueLabel } from "./value-input";

type Props = {
  tenant: string;
  choice: Choice;
  checked: boolean;
  hidden: boolean;
  onTick: (on: boolean) => void;
  typed?: Record<string, string>;
  errors?: (name: string) => string[] | undefined;
};

/** A feature with what the tenant has now, and an input for its value once it is ticked. */
export function FeaturePickerRow({ tenant, choice, checked, hidden, onTick, typed, errors }: Props) {
  const { key, name, kind, live, included, refused, value } = choice;
  const sentence = included && !live ? `${choice.sentence} ${included}` : choice.sentence;
  const field = `values.${nameOfKey(key)}`;
  const times = refused === 1 ? "once" : `${count(refused)} times`;
  return (
    <div hidden={hidden} className="group/choice">
      <div className="flex items-start gap-3">
        <Checkbox
          name="feature"
          value={key}
          defaultChecked={checked && !live}
          disabled={live !== null}
          onChange={(event) => onTick(event.target.checked)}
          className="flex-1"
          label={
            <span className="flex min-w-0 flex-wrap items-baseline gap-x-2">
              <span className="min-w-0 wrap-anywhere">{name}</span>
              {name !== key && <span className="min-w-0 truncate font-mono text-ink-faint text-xs">{key}</span>}
            </span>
          }
          hint={refused > 0 ? `${sentence} Refused ${times} in the last 30 days.` : sentence}
        />
        {live && (
          <TextLink to={paths.grantExtend(tenant, live.grant)} className="shrink-0 py-1 text-xs" aria-label={`Extend: ${name}`}>
            Extend
          </TextLink>
        )}
      </div>
      {kind.type !== "boolean" && (
        <div className="hidden pb-1 pl-6.5 group-has-[input[type=checkbox]:checked]/choice:block">
          <Field label={valueLabel(kind)} name={field} errors={errors?.(field)} className="max-w-xs">
            <ValueInput kind={kind} name={field} defaultValue={typed?.[nameOfKey(key)] ?? value ?? undefined} />
          </Field>
        </div>
      )}
    </div>
  );
}
