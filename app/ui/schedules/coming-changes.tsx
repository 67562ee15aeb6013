import type { ReactNode } from "react";
import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Time } from "~/ui/kit/time";

type Row = {
  id: string;
  at: Instant;
  state: "coming" | "endangered" | "refused";
  words: string;
  by: string;
  note: string | null;
  problem: string | null;
  isAfterTrial: boolean;
};
type Named = { key: string; name: string };

/** A tenant's scheduled changes, the earliest first. Left out while there is none. */
export function ComingChanges({ rows, tenant, now, canChange }: { rows: readonly Row[]; tenant: Named; now: Instant; canChange: boolean }) {
  if (rows.length === 0) return null;
  return (
    <Section title="Coming changes" flush>
      <ul className="divide-y divide-line">
        {rows.map((row) => (
          <ComingRow key={row.id} row={row} tenant={tenant} now={now} canChange={canChange}>
            <p className="text-sm wrap-anywhere">{capital(row.words)}</p>
          </ComingRow>
        ))}
      </ul>
    </Section>
  );
}

type OfAll = { rows: readonly (Row & { tenant: Named })[] };

/** The next scheduled changes of all tenants. */
export function ComingChangesOfAll({ changes, now, canChange }: { changes: OfAll; now: Instant; canChange: boolean }) {
  return (
    <Section title="Coming changes" flush actions={<TextLink to={paths.comingChanges()}>All</TextLink>}>
      <TenantChanges rows={changes.rows} now={now} canChange={canChange} />
    </Section>
  );
}

/** Scheduled changes of several tenants. */
export function TenantChanges({ rows, now, canChange }: { rows: OfAll["rows"]; now: Instant; canChange: boolean }) {
  return (
    <ul className="divide-y divide-line">
      {rows.map((row) => (
        <ComingRow key={row.id} row={{ ...row, note: null }} tenant={row.tenant} now={now} canChange={canChange}>
          <p className="truncate text-sm">
            <TextLink to={paths.tenant(row.tenant.key)} title={row.tenant.name}>
              {row.tenant.name}
            </TextLink>
          </p>
          <p className="text-sm wrap-anywhere">{capital(row.words)}</p>
        </ComingRow>
      ))}
    </ul>
  );
}

type RowProps = { row: Row; tenant: Named; now: Instant; canChange: boolean; children: ReactNode };

function ComingRow({ row, tenant, now, canChange, children }: RowProps) {
  const { id, at, state, by, note, problem, words, isAfterTrial } = row;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-56">
        {children}
        <p title={note ?? undefined} className="mt-0.5 line-clamp-3 text-ink-muted text-xs wrap-anywhere">
          <Time at={at} now={now} show="both" />
          {isAfterTrial && ", when the trial ends"}, scheduled by {by}
          {note && <span className="italic">. {note}</span>}
        </p>
        {problem && (
          <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-warn text-xs wrap-anywhere">
            <Badge tone="warn">{state === "refused" ? "Had no effect" : "Will have no effect"}</Badge>
            {problem}
          </p>
        )}
      </div>
      {canChange && (
        <LinkButton to={paths.tenantScheduled(tenant.key, id)} size="sm" aria-label={`Move or cancel: ${tenant.name} ${words}`}>
          Move or cancel
        </LinkButton>
      )}
    </li>
  );
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
