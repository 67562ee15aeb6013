/** The database is unreachable or locked. Nothing was written, unless the connection broke during the commit. */
export class DatabaseUnavailable extends Error {
  readonly statusCode = 503;
}

/** The file or a lock was held for the whole timeout, so the transaction never began. */
export class DatabaseBusy extends DatabaseUnavailable {}

/** Too many writes wait for their turn, so this one did not begin. */
export class TooManyWrites extends DatabaseUnavailable {
  constructor() {
    super("Too many writes are waiting.");
  }
}

/** The server is read-only, such as a standby or an old primary after a failover. Its data may be outdated. */
export class DatabaseReadOnly extends DatabaseUnavailable {
  constructor(options?: ErrorOptions) {
    super("The database server takes no writes.", options);
  }
}

const readOnlyTransaction = "25006";

/**
 * PostgreSQL: lost connections, too many connections, shutdown, read-only, reads cancelled by a standby, timeouts, deadlocks.
 * SQLite: locked, disk full, a file or disk that cannot be opened, read or written.
 */
const codes =
  /^(08...|53...|57...|25006|25P03|40001|40P01|55000|55P03|SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY).*|ECONN.*|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND)$/;
/** The driver's own errors have no code. */
const sentences = /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/;

type Coded = { code?: unknown; message?: string; cause?: unknown };

/** The error and its causes, outermost first. */
function* chainOf(error: unknown): Iterable<Coded> {
  for (let at = error as Coded | undefined; at; at = at.cause as Coded | undefined) yield at;
}

export function isUnavailable(error: unknown): boolean {
  for (const at of chainOf(error)) {
    if (at instanceof DatabaseUnavailable || codes.test(String(at.code)) || sentences.test(at.message ?? "")) return true;
  }
  return false;
}

export function isReadOnly(error: unknown): boolean {
  for (const at of chainOf(error)) if (at instanceof DatabaseReadOnly || at.code === readOnlyTransaction) return true;
  return false;
}

/** PostgreSQL refuses further connections: of all, of this database or of this user. */
export function isOutOfConnections(error: unknown): boolean {
  for (const at of chainOf(error)) if (at.code === "53300") return true;
  return false;
}

/** PostgreSQL: a lock or row was not available in time, or the transaction was chosen to end a deadlock. */
const waitingCodes = new Set(["55P03", "57014", "40P01"]);

/** True if the same work may succeed later, because it only waited for others. */
export function isWaiting(error: unknown): boolean {
  for (const at of chainOf(error)) {
    if (at instanceof DatabaseBusy || at instanceof TooManyWrites || waitingCodes.has(String(at.code))) return true;
    if (at.message === "timeout exceeded when trying to connect") return true;
  }
  return false;
}

/** Rejects with DatabaseUnavailable if that is the cause. */
export async function mapUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DatabaseUnavailable) throw error;
    if (isReadOnly(error)) throw new DatabaseReadOnly({ cause: error });
    if (isUnavailable(error)) throw new DatabaseUnavailable("The database cannot be written at the moment.", { cause: error });
    throw error;
  }
}
