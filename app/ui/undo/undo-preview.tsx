import { Form, useNavigation } from "@remix-run/react";
import type { ChangeLine } from "~/core/audit/change-lines";
import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { AuditLine, type AuditListEntry } from "~/ui/audit/audit-list";
import { ChangeTable } from "~/ui/audit/change-table";
import { TextLink } from "~/ui/kit/button";
import { Card } from "~/ui/kit/card";
import { Details } from "~/ui/kit/details";
import { Field } from "~/ui/kit/field";
import { Textarea } from "~/ui/kit/inputs";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { SubmitRow } from "~/ui/kit/submit-row";

/** `tenant` is null for the catalogue. */
type Item = { tenant: string | null; name: string; lines: readonly ChangeLine[]; moreLines: number };

type Preview = {
  refused: number;
  changed: number;
  digest: string;
  blocked: string | null;
  items: readonly Item[];
  moreItems: number;
  reasons: readonly string[];
  settled: readonly string[];
  moreSettled: number;
};

type Props = {
  entry: AuditListEntry;
  now: Instant;
  /** Entries of the same act. */
  entries: number;
  /** Its undo is a job, which shows first what it would do. */
  isLarge: boolean;
  preview: Preview | null;
  /** Why this act can never be undone, or null. */
  never: string | null;
  canUndo: boolean;
  returnTo: string;
};

/** What an undo would do, what stays and why, and the form that does it. */
export function UndoPreviewCard({ entry, now, entries, isLarge, preview, never, canUndo, returnTo }: Props) {
  return (
    <>
      <Card>
        <AuditLine entry={{ ...entry, canUndo: false }} now={now} />
        {entries > 1 && <p className="mt-2 text-ink-muted text-sm">This act has {count(entries)} entries. They are undone together.</p>}
      </Card>
      {never !== null && (
        <Notice kind="info" title="This cannot be undone" className="mt-4">
          {never}
        </Notice>
      )}
      {isLarge && never === null && canUndo && <LargeUndoForm returnTo={returnTo} seq={entry.seq} />}
      {preview && <Effects preview={preview} canUndo={canUndo} returnTo={returnTo} seq={entry.seq} />}
    </>
  );
}

function Effects({ preview, canUndo, returnTo, seq }: { preview: Preview; canUndo: boolean; returnTo: string; seq: number }) {
  const { refused, changed, blocked, items, moreItems, reasons, settled, moreSettled } = preview;
  const isPossible = changed > 0 && blocked === null;
  return (
    <>
      {refused > 0 && <Staying reasons={reasons} refused={refused} />}
      {blocked !== null && (
        <Notice kind="warning" title="This cannot be undone now" className="mt-4">
          {blocked}
        </Notice>
      )}
      {changed === 0 && refused === 0 && (
        <Notice kind="info" title="Nothing is left to undo" className="mt-4">
          {settled[0] ?? "All is already as it was before."}
        </Notice>
      )}
      {items.length > 0 && (
        <section aria-labelledby="undo-effects" className="mt-4">
          <h2 id="undo-effects" className="mb-2 font-semibold text-sm">
            What goes back
          </h2>
          <ul className="flex flex-col gap-3">
            {items.map((item) => (
              <li key={item.tenant ?? ""}>
                <UndoItemCard item={item} />
              </li>
            ))}
          </ul>
          {moreItems > 0 && <p className="mt-2 text-ink-muted text-sm">And {count(moreItems)} more tenants.</p>}
        </section>
      )}
      {settled.length > 0 && changed + refused > 0 && (
        <Details summary="Already as it was" className="mt-3">
          <ul className="list-disc pl-5 text-ink-muted text-sm">
            {settled.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          {moreSettled > 0 && <p className="mt-1 text-ink-muted text-sm">And {count(moreSettled)} more.</p>}
        </Details>
      )}
      {isPossible && canUndo && <UndoForm preview={preview} returnTo={returnTo} seq={seq} />}
    </>
  );
}

function LargeUndoForm({ returnTo, seq }: { returnTo: string; seq: number }) {
  const busy = useNavigation().formMethod === "POST";
  return (
    <Form method="post" className="mt-4">
      <p className="mb-4 text-ink-muted text-sm">
        An act of this size is undone in the background. The next page shows what goes back and what stays, and why. Nothing is changed
        until you go on from there.
      </p>
      <NoteField />
      <SubmitRow busy={busy} cancelTo={returnTo || paths.auditEntry(seq)}>
        Show what goes back
      </SubmitRow>
    </Form>
  );
}

const NoteField = () => (
  <Field label="Note" field={{ id: "undo-note", name: "note" }} hint="Why, for the audit log." optional>
    <Textarea id="undo-note" name="note" rows={2} maxLength={1_000} />
  </Field>
);

function Staying({ reasons, refused }: { reasons: readonly string[]; refused: number }) {
  const title = refused === 1 ? "One part stays as it is" : `${count(refused)} parts stay as they are`;
  return (
    <Notice kind="warning" title={title} className="mt-4">
      <ul className="mt-1 flex flex-col gap-0.5">
        {reasons.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {refused > reasons.length && <p className="mt-1">And {count(refused - reasons.length)} more.</p>}
    </Notice>
  );
}

function UndoItemCard({ item: { tenant, name, lines, moreLines } }: { item: Item }) {
  return (
    <Card>
      <h3 className="mb-2 font-medium text-sm wrap-anywhere">
        <TextLink to={tenant === null ? paths.plans() : paths.tenant(tenant)}>{name}</TextLink>
      </h3>
      <ChangeTable lines={lines} />
      {moreLines > 0 && <p className="mt-2 text-ink-muted text-sm">{count(moreLines)} more fields change.</p>}
    </Card>
  );
}

function UndoForm({ preview, returnTo, seq }: { preview: Preview; returnTo: string; seq: number }) {
  const busy = useNavigation().formMethod === "POST";
  const isPartial = preview.refused > 0;
  return (
    <Form method="post" className="mt-4">
      <input type="hidden" name="reviewed" value={preview.digest} />
      {isPartial && <input type="hidden" name="partial" value="yes" />}
      <input type="hidden" name="returnTo" value={returnTo} />
      <NoteField />
      <SubmitRow busy={busy} cancelTo={returnTo || paths.auditEntry(seq)}>
        {isPartial ? "Undo the rest" : "Undo"}
      </SubmitRow>
    </Form>
  );
}
