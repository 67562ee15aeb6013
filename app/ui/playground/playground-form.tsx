import { Form } from "@remix-run/react";
import type { PlaygroundQuery } from "~/forms/checks/playground-query";
import { paths } from "~/paths";
import { Button, LinkButton } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Field } from "~/ui/kit/field";
import { DateTimeInput, Select, TextInput, ZoneInput, zoneWords } from "~/ui/kit/inputs";

/** A GET form, so that every answer has an address. */
export function PlaygroundForm({ query: { typed, errors, feature }, zone }: { query: PlaygroundQuery; zone: string }) {
  const errorsOf = (field: keyof typeof errors) => (errors[field] === undefined ? undefined : [errors[field]]);
  return (
    <Card className="mb-6">
      <Form method="get" action={paths.playground()}>
        {feature !== null && <input type="hidden" name="feature" value={feature} />}
        <ZoneInput zone={zone} />
        <div className="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">
          <Field label="Tenant" name="tenant" errors={errorsOf("tenant")}>
            <TextInput defaultValue={typed.tenant} placeholder="Key" maxLength={200} autoComplete="off" spellCheck={false} required />
          </Field>
          <Field label="User" name="user" errors={errorsOf("user")} optional>
            <TextInput defaultValue={typed.user} maxLength={200} autoComplete="off" spellCheck={false} />
          </Field>
          <Field label={`Time (${zoneWords(zone)})`} name="at" errors={errorsOf("at")} optional>
            <DateTimeInput defaultValue={typed.at} />
          </Field>
          <Field label="Requested amount" name="requested" errors={errorsOf("requested")} optional>
            <TextInput defaultValue={typed.requested} inputMode="numeric" maxLength={16} autoComplete="off" />
          </Field>
          <Field label="Features" name="q" errors={errorsOf("q")} optional>
            <TextInput defaultValue={typed.q} placeholder="Words of a name or key" maxLength={200} autoComplete="off" />
          </Field>
          <Field label="Show" name="show">
            <Select
              defaultValue={typed.show}
              options={[
                ["", "All answers"],
                ["yes", "Only yes"],
                ["no", "Only no"],
              ]}
            />
          </Field>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <Button variant="primary">Decide</Button>
          <LinkButton to={paths.playground()} variant="ghost">
            Clear
          </LinkButton>
        </div>
      </Form>
    </Card>
  );
}
