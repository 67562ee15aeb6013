import type { ComponentProps } from "react";
import { Field, type FieldMeta } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";

/** A few facts about a tenant, as JSON. */
export function MetadataField({ field, textarea }: { field: FieldMeta; textarea: ComponentProps<"textarea"> }) {
  return (
    <Field label="Metadata" field={field} hint='Facts about this tenant as a JSON object, such as {"region": "eu"}.' optional>
      <Textarea {...textarea} rows={6} spellCheck={false} autoComplete="off" isCode />
    </Field>
  );
}
