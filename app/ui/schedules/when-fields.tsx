import { RadioCards } from "~/ui/kit/choices";
import { Field, type FieldMeta } from "~/ui/kit/field";
import { DateTimeInput, ZoneInput, zoneWords } from "~/ui/kit/inputs";

type Meta = FieldMeta & { initialValue?: string };

/** Now, or on a date, whose input appears when that is selected, also without JavaScript. */
export function WhenFields({ zone, when, at }: { zone: string; when: Meta; at: Meta }) {
  return (
    <div className="group/when">
      <Field label="When" field={when} group>
        <RadioCards
          name={when.name}
          checked={when.initialValue ?? "now"}
          columns={2}
          options={[
            { value: "now", label: "Now", hint: "From the next check on." },
            { value: "later", label: "On a date", hint: "Until then it can be moved or cancelled." },
          ]}
        />
      </Field>
      <ZoneInput zone={zone} />
      <div className="hidden group-has-[[value=later]:checked]/when:block">
        <Field label="Date and time" field={at} hint={`In ${zoneWords(zone)}.`}>
          <DateTimeInput defaultValue={at.initialValue} />
        </Field>
      </div>
    </div>
  );
}
