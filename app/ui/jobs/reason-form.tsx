import { Form } from "@remix-run/react";
import { Button } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";

/** One reason for all tenants of a preview that guard rails skip. */
export function ReasonForm({ busy }: { busy: boolean }) {
  return (
    <Card>
      <Form method="post" className="flex flex-wrap items-end gap-3">
        <Field
          label="Reason"
          name="reason"
          hint="Tenants that only a guard rail skips are changed with it. The audit log keeps it."
          className="mb-0 min-w-64 flex-1"
        >
          <TextInput required maxLength={1_000} autoComplete="off" />
        </Field>
        <Button name="intent" value="reason" busy={busy}>
          Preview with this reason
        </Button>
      </Form>
    </Card>
  );
}
