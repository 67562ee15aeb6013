import type { SubmissionResult } from "@conform-to/react";
import { Form } from "@remix-run/react";
import { addOnSeparators, type CsvTarget } from "~/core/import/csv-columns";
import { paths } from "~/paths";
import { Card } from "~/ui/kit/card";
import { Field } from "~/ui/kit/field";
import { Select, Textarea, TextInput } from "~/ui/kit/inputs";
import { FormErrors } from "~/ui/kit/notice";
import { SubmitRow } from "~/ui/kit/submit-row";

export type FileColumn = { head: string; target: CsvTarget; field: string; samples: string[] };

const choices = [
  ["", "Ignored"],
  ["key", "Key"],
  ["name", "Name"],
  ["plan", "Plan"],
  ["status", "Status"],
  ["addOns", "Add-ons"],
  ["meta", "Metadata field"],
] as const;
const separatorWords = { ";": "; (semicolon)", ",": ", (comma)", "|": "| (bar)", " ": "Space" };

type Props = { columns: FileColumn[]; result?: SubmissionResult; busy: boolean };

/** What each column of an uploaded file holds, beside its first values. */
export function CsvMappingForm({ columns, result, busy }: Props) {
  const sent = (name: string) => result?.initialValue?.[name];
  const shownValue = (name: string, otherwise: string) => (result ? String(sent(name) ?? "") : otherwise);
  const errorsOf = (name: string) => result?.error?.[name] ?? undefined;
  return (
    <Form method="post" className="grid max-w-4xl gap-4">
      <FormErrors errors={result?.error?.[""]} />
      <input type="hidden" name="count" value={columns.length} />
      <Card flush>
        <ul className="divide-y divide-line">
          {columns.map(({ head, target, field, samples }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other name
            <li key={i} className="group/column grid gap-x-4 gap-y-2 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_12rem]">
              <div className="min-w-0">
                <p className="truncate font-medium text-ink text-sm" dir="auto">
                  {head}
                </p>
                <p className="truncate text-ink-muted text-xs" dir="auto">
                  {samples.filter(Boolean).join(" · ") || "Empty in the first rows"}
                </p>
                <ColumnErrors errors={errorsOf(`c${i}`)} />
              </div>
              <div className="grid content-start gap-2">
                <Select
                  name={`c${i}`}
                  aria-label={`What ${head} holds`}
                  defaultValue={shownValue(`c${i}`, target?.startsWith("meta.") ? "meta" : (target ?? ""))}
                >
                  {choices.map(([value, label]) => (
                    <option key={value} value={value}>
                      {label}
                    </option>
                  ))}
                </Select>
                <div className="hidden group-has-[option[value=meta]:checked]/column:block">
                  <TextInput
                    name={`m${i}`}
                    aria-label={`Metadata field of ${head}`}
                    defaultValue={shownValue(`m${i}`, target?.startsWith("meta.") ? target.slice(5) : field)}
                    autoComplete="off"
                  />
                  <ColumnErrors errors={errorsOf(`m${i}`)} />
                </div>
              </div>
            </li>
          ))}
        </ul>
      </Card>
      <Card>
        <p className="mb-4 text-ink-muted text-sm">
          An empty cell leaves a value as it is. A cell with only <code>-</code> takes it away. Plans and add-ons are keys, or names.
        </p>
        <div className="max-w-48">
          <Field label="Add-ons are separated by" name="addOnSeparator" errors={errorsOf("addOnSeparator") ?? undefined}>
            <Select defaultValue={shownValue("addOnSeparator", ";")}>
              {addOnSeparators.map((sign) => (
                <option key={sign} value={sign}>
                  {separatorWords[sign]}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        <Field label="Note" name="note" errors={errorsOf("note") ?? undefined} hint="Why, for the audit log." optional>
          <Textarea rows={2} maxLength={1_000} defaultValue={shownValue("note", "")} />
        </Field>
        <SubmitRow busy={busy} cancelTo={paths.importTenants()} cancelLabel="Choose another file">
          Show what changes
        </SubmitRow>
      </Card>
    </Form>
  );
}

const ColumnErrors = ({ errors }: { errors?: string[] }) => (errors ? <p className="mt-1 text-no text-xs">{errors.join(" ")}</p> : null);
