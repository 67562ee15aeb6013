import type { FeatureKind } from "~/core/catalogue/feature-changes";
import { Select, Textarea, TextInput } from "~/ui/kit/inputs";

type Props = { kind: FeatureKind; name: string; defaultValue?: string; id?: string; "aria-label"?: string; "aria-describedby"?: string };

/** Input of a feature's value by type; none for boolean features. Parse with `readValue`. */
export function ValueInput({ kind, ...props }: Props) {
  if (kind.type === "boolean") return null;
  if (kind.type === "metered") return <TextInput {...props} inputMode="text" autoComplete="off" placeholder="10000 or unlimited" />;
  const { config } = kind;
  if (config.kind === "number") return <TextInput {...props} inputMode="decimal" autoComplete="off" placeholder="A number" />;
  if (config.kind === "json")
    return <Textarea {...props} rows={3} spellCheck={false} className="font-mono" placeholder='{"example": true}' />;
  if (config.options.length === 0) return <TextInput {...props} autoComplete="off" placeholder="Text" />;
  return <Select {...props} options={[["", "Choose a value"], ...config.options.map((option) => [option, option] as const)]} />;
}

/** Label of a value's input. */
export function valueLabel(kind: FeatureKind): string {
  if (kind.type !== "metered") return "Value";
  const { unit, resetPeriod } = kind.meter;
  const each = resetPeriod === "never" ? "" : ` each ${resetPeriod}`;
  return `Limit${unit === null ? "" : ` in ${unit}`}${each}`;
}
