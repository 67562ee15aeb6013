import { Form, useNavigation } from "@remix-run/react";
import { paths } from "~/paths";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { SubmitRow } from "~/ui/kit/submit-row";
import { FileInput } from "./file-input";

/** A catalogue file, uploaded or pasted. It is previewed before anything is written. */
export function ImportForm({ text, errors }: { text?: string; errors?: string[] }) {
  const busy = useNavigation().formMethod === "POST";
  return (
    <Form method="post" action={paths.importPreview()} encType="multipart/form-data">
      <Field label="Catalogue file" name="file" errors={errors} hint="YAML or JSON, up to 5 MB.">
        <FileInput accept=".yaml,.yml,.json,application/yaml,application/json,text/plain" />
      </Field>
      <Field label="Or its text" name="text" optional>
        <Textarea rows={8} defaultValue={text} spellCheck={false} autoComplete="off" isCode />
      </Field>
      <SubmitRow busy={busy}>Show what it changes</SubmitRow>
    </Form>
  );
}
