import { Link } from "@remix-run/react";
import { Bot, KeyRound, Terminal, User } from "lucide-react";
import type { Actor, Instant, Json } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Details } from "~/ui/kit/details";
import { Diff } from "~/ui/kit/diff";
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
  /** What was done, after the actor's name. */
  phrase: string;
  why: string | null;
  canUndo?: boolean;
  /** Changed values. Null if the documents were not read because they are too large. */
  values: number | null;
  before?: Json;
  after?: Json;
};

const actorIcons = { admin: User, api_key: KeyRound, cli: Terminal, system: Bot };

/** Entries newest first: who did what, when and why, with before and after. */
export function AuditList({
  entries,
  now,
  isOwnPage,
}: {
  entries: readonly AuditListEntry[];
  now: Instant;
  /** All entries are about the page's subject. */
  isOwnPage?: boolean;
}) {
  return (
    <ol className="divide-y divide-line">
      {entries.map((entry) => (
        <li key={entry.seq} className="px-4 py-3">
          <AuditLine entry={entry} now={now} isOwnPage={isOwnPage} />
          <Change entry={entry} />
        </li>
      ))}
    </ol>
  );
}

export function AuditLine({ entry, now, isOwnPage }: { entry: AuditListEntry; now: Instant; isOwnPage?: boolean }) {
  const { actor, address, phrase, why, at, seq, canUndo } = entry;
  const Icon = actorIcons[actor.kind];
  return (
    <div className="flex items-baseline justify-between gap-x-4 gap-y-0.5 text-sm max-sm:flex-col">
      <p className="flex min-w-0 items-baseline gap-2">
        <Icon className="size-3.5 shrink-0 translate-y-0.5 text-ink-faint" aria-hidden="true" />
        <span className="min-w-0 text-ink-muted wrap-anywhere">
          <span className="font-medium text-ink">{actor.name}</span> {isOwnPage ? phrase : <LinkedPhrase entry={entry} />}
          {why && <span className="block italic">{why}</span>}
        </span>
      </p>
      <p className="flex max-w-full shrink-0 items-center gap-3 text-ink-muted text-xs max-sm:pl-5.5">
        {address !== null && (
          <span title={address} className="min-w-0 truncate font-mono text-ink-faint">
            {address}
          </span>
        )}
        {canUndo && (
          <Link to={paths.auditUndo(seq)} aria-label={`Undo entry ${seq}`} className="rounded-sm hover:text-ink hover:underline">
            Undo
          </Link>
        )}
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

/** The subject's name in the phrase is a link to its page. */
function LinkedPhrase({ entry }: { entry: AuditListEntry }) {
  const { phrase, subjectName } = entry;
  const to = placeOf(entry);
  const at = to === null || subjectName === "" ? -1 : phrase.indexOf(subjectName);
  if (to === null || at < 0) return phrase;
  return (
    <>
      {phrase.slice(0, at)}
      <TextLink to={to}>{subjectName}</TextLink>
      {phrase.slice(at + subjectName.length)}
    </>
  );
}

const changeLabel = "Before and after";

/** Shown in place, or on the entry's own page if there are many values. */
function Change({ entry: { seq, values, before, after } }: { entry: AuditListEntry }) {
  if (values === 0) return null;
  if (before === undefined && after === undefined) {
    return (
      <p className="mt-1 pl-5.5 text-xs">
        <TextLink to={paths.auditEntry(seq)}>{changeLabel}</TextLink>
      </p>
    );
  }
  return (
    <Details summary={changeLabel} className="mt-1 pl-5.5">
      <Diff before={before} after={after} />
    </Details>
  );
}
