import { Link } from "@remix-run/react";
import { Bot, KeyRound, Terminal, User } from "lucide-react";
import { actionWords } from "~/core/audit/action-words";
import type { Actor, Instant, Json } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Details } from "~/ui/kit/details";
import { Diff } from "~/ui/kit/diff";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

export type AuditListEntry = {
  seq: number;
  at: Instant;
  actor: Actor;
  address: string | null;
  action: string;
  subjectKind: string;
  subject: string;
  subjectName: string;
  why: string | null;
  /** Null if the documents were not read because they are too large. */
  values: number | null;
  before?: Json;
  after?: Json;
};

const actorIcons = { admin: User, api_key: KeyRound, cli: Terminal, system: Bot };

/** Entries newest first: who did what, when and why, with before and after. */
export function AuditList({
  entries,
  now,
  ofOne,
}: {
  entries: readonly AuditListEntry[];
  now: Instant /** All entries are about the page's subject. */;
  ofOne?: boolean;
}) {
  return (
    <ol className="divide-y divide-line">
      {entries.map((entry) => (
        <li key={entry.seq} className="px-4 py-3">
          <AuditLine entry={entry} now={now} ofOne={ofOne} />
          <Change entry={entry} />
        </li>
      ))}
    </ol>
  );
}

export function AuditLine({ entry, now, ofOne }: { entry: AuditListEntry; now: Instant; ofOne?: boolean }) {
  const { actor, address, action, why, at, seq } = entry;
  const Icon = actorIcons[actor.kind];
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 text-sm">
      <p className="min-w-0 wrap-anywhere">
        <span className="font-medium text-ink">{actionWords(action)}</span>
        {!ofOne && <Subject entry={entry} />}
        {why && <span className="block text-ink-muted">{why}</span>}
      </p>
      <p className="flex min-w-0 items-center gap-3 text-ink-muted text-xs">
        <span className="flex min-w-0 items-center gap-1">
          <Icon className="size-3.5 shrink-0 text-ink-faint" aria-hidden="true" />
          <span className="truncate">{actor.name}</span>
          {address !== null && (
            <span title={address} className="min-w-0 truncate font-mono text-ink-faint">
              {address}
            </span>
          )}
        </span>
        <Link to={paths.auditEntry(seq)} className="rounded-sm hover:text-ink hover:underline">
          <Time at={at} now={now} />
        </Link>
      </p>
    </div>
  );
}

/** The page of the entry's subject. */
function placeOf({ subjectKind, subject }: AuditListEntry): string | null {
  switch (subjectKind) {
    case "tenant":
      return paths.tenant(subject);
    case "feature":
      return paths.feature(subject);
    case "plan":
      return paths.plan(subject);
    case "catalogue":
      return paths.plans();
    case "api_key":
      return paths.keys();
    case "admin":
      return paths.admins();
    default:
      return null;
  }
}

function Subject({ entry }: { entry: AuditListEntry }) {
  const name = entry.subjectKind === "catalogue" ? "" : entry.subjectName;
  const to = placeOf(entry);
  if (name === "") return null;
  return <span className="text-ink-muted"> · {to ? <TextLink to={to}>{name}</TextLink> : name}</span>;
}

function Change({ entry: { seq, values, before, after } }: { entry: AuditListEntry }) {
  if (values === 0) return null;
  if (before === undefined && after === undefined) {
    return (
      <p className="mt-1 text-xs">
        <TextLink to={paths.auditEntry(seq)}>
          {values === null ? "Show what changed" : `Show all ${count(values)} values that changed`}
        </TextLink>
      </p>
    );
  }
  return (
    <Details summary="Before and after" className="mt-1">
      <Diff before={before} after={after} />
    </Details>
  );
}
