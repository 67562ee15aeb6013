import type { Logger } from "pino";
import type { Actor, Instant } from "~/core/model";
import { networkOf } from "~/server/admins/sign-in-limits";
import { callerAddress } from "~/server/client-address.server";
import type { Database } from "~db/database";
import { type AuditEntry, writeAudit } from "~db/store/audit.server";
import { hintOf, isWellFormed } from "./api-key-format.server";
import type { KeyRing } from "./key-cache.server";

const windowMs = 60_000;
/**
 * Max audit rows per process and minute, for known and for unknown keys; the rest are counted in one more row. Known
 * keys have their own limit, so that a flood of invented keys does not hide a revoked one.
 */
const maxRows = 20;

export type RefusedKeys = ReturnType<typeof createRefusedKeys>;

type Refusal = { presented: string; why: string; ip: string | undefined };
type Counted = { entry: AuditEntry; count: number; lastAt: Instant };

const nobody = { kind: "system", id: "api", name: "API" } as const;

/**
 * Audit rows for refused API keys and tokens: one per network, key and reason in a minute, with a count. Counting costs
 * no query; rows are written at the end of the minute, or before the process stops.
 */
export function createRefusedKeys(db: Database, keys: KeyRing, now: () => Instant, log: Logger) {
  let counted = new Map<string, Counted>();
  const rows = { known: 0, unknown: 0 };
  let more = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (counted.size === 0) return writing;
    const entries = [...counted.values()].map(
      ({ entry, count, lastAt }): AuditEntry => ({ ...entry, after: { ...(entry.after as object), count, lastAt } }),
    );
    if (more > 0) entries.push(entryOf(nobody, "*", { why: "others", count: more }));
    const batch = { counted, more };
    counted = new Map();
    rows.known = 0;
    rows.unknown = 0;
    more = 0;
    const write = () => db.transaction([], (tx) => writeAudit(tx, db.tables, ...entries));
    writing = writing.then(write).catch((err) => {
      log.warn({ err }, "refused API keys were not written to the audit log; they are written with the next ones");
      putBack(batch);
    });
    return writing;
  }

  /** Keeps what could not be written, as part of this minute. Beyond its rows only the number is kept. */
  function putBack(batch: { counted: Map<string, Counted>; more: number }): void {
    more += batch.more;
    for (const [name, earlier] of batch.counted) {
      const later = counted.get(name);
      const kind = earlier.entry.actor.kind === "api_key" ? "known" : "unknown";
      if (later) Object.assign(later, { entry: earlier.entry, count: later.count + earlier.count });
      else if (rows[kind] >= maxRows) more += earlier.count;
      else {
        rows[kind] += 1;
        counted.set(name, earlier);
      }
    }
    timer ??= setTimeout(flush, windowMs).unref();
  }

  const entryOf = (actor: Actor, subject: string, after: AuditEntry["after"]): AuditEntry => ({
    ...{ at: now(), actor, subject, after },
    action: "api_key.refused",
    subjectKind: "api_key",
  });

  /** `why`: the code of the answer. */
  function note({ presented, why, ip }: Refusal): void {
    const known = keys.identify(presented);
    const subject = known?.id ?? shownPart(presented);
    const address = callerAddress(ip);
    const name = `${networkOf(address ?? "")}\n${subject}\n${why}`;
    const before = counted.get(name);
    const kind = known ? "known" : "unknown";
    if (before) {
      before.count += 1;
      before.lastAt = now();
    } else if (rows[kind] >= maxRows) more += 1;
    else {
      rows[kind] += 1;
      const actor: Actor = known ? { kind: "api_key", ...known, address } : { ...nobody, address };
      counted.set(name, { entry: entryOf(actor, subject, { why }), count: 1, lastAt: now() });
    }
    timer ??= setTimeout(flush, windowMs).unref();
  }

  return { note, flush };
}

/**
 * What is recorded of an unknown key. Text that does not have the format of a key may be anything, so none of it is
 * recorded.
 */
function shownPart(presented: string): string {
  if (isWellFormed(presented)) return hintOf(presented);
  return presented.startsWith("lk_tok_") ? "lk_tok_…" : "malformed";
}
