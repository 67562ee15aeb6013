import { Form, useNavigation } from "@remix-run/react";
import { paths } from "~/paths";
import { cx } from "~/ui/kit/cx";
import { Field, useField } from "~/ui/kit/field";
import { inputLook, Textarea } from "~/ui/kit/inputs";
import { SubmitRow } from "~/ui/kit/submit-row";

/** A catalogue file, uploaded or pasted. It is previewed before anything is written. */
export function ImportForm({ text, errors }: { text?: string; errors?: string[] }) {
  const busy = useNavigation().formMethod === "POST";
  return (
    <Form method="post" action={paths.importPreview()} encType="multipart/form-data">
      <Field label="Catalogue file" name="file" errors={errors} hint="YAML or JSON, up to 5 MB.">
        <FileInput accept=".yaml,.yml,.json,application/yaml,application/json,text/plain" />
      </Field>
      <Field label="Or its text" name="text" optional>
        <Textarea rows={8} defaultValue={text} spellCheck={false} autoComplete="off" className="font-mono text-xs sm:text-xs" />
      </Field>
      <SubmitRow busy={busy}>Show what it changes</SubmitRow>
    </Form>
  );
}

function FileInput(props: { accept: string }) {
  return (
    <input
      type="file"
      {...useField({ id: undefined, name: undefined, ...props })}
      className={cx(
        inputLook,
        "h-10 py-1.5 sm:h-9 file:mr-3 file:h-6 file:rounded file:border-0 file:bg-sunken file:px-2.5 file:font-medium file:text-ink file:text-xs",
      )}
    />
  );
}
