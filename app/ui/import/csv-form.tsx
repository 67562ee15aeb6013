import { Form, useNavigation } from "@remix-run/react";
import { csvLimits } from "~/core/import/csv-columns";
import { paths } from "~/paths";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { SubmitRow } from "~/ui/kit/submit-row";
import { FileInput } from "./file-input";

/** A CSV file of tenants. What its columns hold is asked next. */
export function CsvForm({ errors }: { errors?: string[] }) {
  const busy = useNavigation().formMethod === "POST";
  return (
    <Form method="post" action={paths.importTenants()} encType="multipart/form-data">
      <Field
        label="CSV file"
        name="file"
        errors={errors}
        hint={`UTF-8, separated by commas, semicolons or tabs. The first line names the columns. ${csvLimits}`}
      >
        <FileInput accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain" />
      </Field>
      <Field label="Or its text" name="text" optional>
        <Textarea rows={4} spellCheck={false} autoComplete="off" isCode />
      </Field>
      <SubmitRow busy={busy}>Choose columns</SubmitRow>
    </Form>
  );
}
