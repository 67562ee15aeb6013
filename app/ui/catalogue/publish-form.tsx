import { Form } from "@remix-run/react";
import { maxDraftName } from "~/core/drafts/plan-draft";
import { Button } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Checkbox } from "~/ui/kit/choices";
import { Field } from "~/ui/kit/field";
import { TextInput } from "~/ui/kit/inputs";
import { count } from "~/ui/kit/pagination";

type PublishProps = { draft: { version: number }; changes: number; problems: number; isOwn: boolean; busy: boolean };

/** Publishes a draft with a note, or discards it. */
export function PublishForm({ draft, changes, problems, isOwn, busy }: PublishProps) {
  return (
    <Card>
      <Form method="post">
        <input type="hidden" name="version" value={draft.version} />
        <Field label="Note" name="note" hint="For the audit log." optional>
          <TextInput maxLength={1_000} autoComplete="off" />
        </Field>
        <div className="mt-4 flex flex-wrap gap-2">
          <Button variant="primary" name="intent" value="publish" busy={busy} disabled={changes === 0 || problems > 0}>
            Publish {count(changes)} {changes === 1 ? "change" : "changes"}
          </Button>
          {isOwn && (
            <Button variant="ghost" name="intent" value="discard" busy={busy}>
              Discard the draft
            </Button>
          )}
        </div>
      </Form>
    </Card>
  );
}

/** Discards the draft of someone else, who may no longer be able to. */
export function DiscardForm({ draft, busy }: { draft: { version: number; ownerName: string }; busy: boolean }) {
  return (
    <Card>
      <Form method="post">
        <input type="hidden" name="version" value={draft.version} />
        <Checkbox
          name="confirmed"
          required
          label={`Discard what ${draft.ownerName} edited`}
          hint="They can no longer publish it. The audit log has that you did it."
        />
        <Button variant="danger" name="intent" value="discard" busy={busy} className="mt-2">
          Discard the draft
        </Button>
      </Form>
    </Card>
  );
}

export function DraftNameForm({ name, busy }: { name: string; busy: boolean }) {
  return (
    <Card>
      <Form method="post" className="flex flex-wrap items-start gap-2" preventScrollReset>
        <Field label="Name of the draft" name="name" className="min-w-48 flex-1">
          <TextInput defaultValue={name} maxLength={maxDraftName} autoComplete="off" required />
        </Field>
        <Button name="intent" value="rename" busy={busy} className="mt-7">
          Rename
        </Button>
      </Form>
    </Card>
  );
}
