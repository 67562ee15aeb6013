import { Form } from "@remix-run/react";
import type { Instant } from "~/core/model";
import { inputValueIn } from "~/core/zoned-time";
import { Button } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Field } from "~/ui/kit/field";
import { DateTimeInput, TextInput, ZoneInput, zoneWords } from "~/ui/kit/inputs";

type Draft = { version: number; publishAt: Instant | null; publishNote: string | null };
type Props = { draft: Draft; zone: string; isDisabled: boolean; busy: boolean };

/** Schedules the publication of a draft, moves it, or cancels it. */
export function PublishLaterForm({ draft: { version, publishAt, publishNote }, zone, isDisabled, busy }: Props) {
  const isScheduled = publishAt !== null;
  return (
    <Section title={isScheduled ? "Move or cancel the publication" : "Publish later"}>
      <Form method="post">
        <input type="hidden" name="version" value={version} />
        <ZoneInput zone={zone} />
        <Field label="Date and time" name="at" hint={`In ${zoneWords(zone)}. Until then nobody edits the draft.`}>
          <DateTimeInput defaultValue={publishAt === null ? undefined : inputValueIn(publishAt, zone)} />
        </Field>
        <Field label="Why" name="note" hint="For the audit log." optional>
          <TextInput maxLength={1_000} autoComplete="off" defaultValue={publishNote ?? undefined} />
        </Field>
        <div className="mt-4 flex flex-wrap gap-2">
          <Button name="intent" value="schedule" busy={busy} disabled={isDisabled}>
            {isScheduled ? "Move" : "Schedule the publication"}
          </Button>
          {isScheduled && (
            <Button variant="danger" name="intent" value="cancel" busy={busy}>
              Cancel the publication
            </Button>
          )}
        </div>
      </Form>
    </Section>
  );
}
