import type { Instant } from "~/core/model";
import { day } from "~/core/time";
import { zonedDate } from "~/core/zoned-time";
import { trialLengths } from "~/forms/grants/trial-lengths";
import { RadioCards } from "./choices";
import { Field, type FieldMeta } from "./field";
import { DateTimeInput, ZoneInput, zoneWords } from "./inputs";

type Meta = FieldMeta & { initialValue?: string };
type Props = {
  label: string;
  hint: string;
  /** Start of the days. */
  from: Instant;
  /** The zone in which the loader wrote times. */
  zone: string;
  /** Days are added to an end. */
  plus?: boolean;
  length: Meta;
  startsAt?: Meta;
  endsAt: Meta;
};

/** 7, 14 or 30 days, or custom dates, whose inputs appear when selected, also without JavaScript. */
export function LengthFields({ label, hint, from, zone, plus, length, startsAt, endsAt }: Props) {
  return (
    <div className="group/length">
      <Field label={label} field={length} group hint={hint}>
        <RadioCards
          name={length.name}
          checked={length.initialValue}
          columns={4}
          options={trialLengths.map((value) =>
            value === "own"
              ? { value, label: "Own dates", hint: startsAt ? "Start and end" : "A new end" }
              : { value, label: `${plus ? "+" : ""}${value} days`, hint: `to ${zonedDate(from + Number(value) * day, zone)}` },
          )}
        />
      </Field>
      <ZoneInput zone={zone} />
      <div className="hidden gap-x-4 group-has-[[value=own]:checked]/length:grid sm:grid-cols-2">
        {startsAt && (
          <Field label="Starts" field={startsAt} hint="Empty means now." optional>
            <DateTimeInput defaultValue={startsAt.initialValue} />
          </Field>
        )}
        <Field label={startsAt ? "Ends" : "New end"} field={endsAt} hint={`Date and time in ${zoneWords(zone)}.`}>
          <DateTimeInput defaultValue={endsAt.initialValue} />
        </Field>
      </div>
    </div>
  );
}
