/** Prepared statements cached per connection. Multi-row inserts have one text per number of rows. */
const maxStatements = 300;

/**
 * Numbers the open transaction in the header of the database file, so that each commit in the `-wal` says which one it follows:
 * `findWalMatch` compares them after a kill. The header is on page 1, which this adds to the commit.
 *
 * @param {import("better-sqlite3").Database} connection
 */
export function numberCommit(connection) {
  const last = /** @type {number} */ (connection.pragma("user_version", { simple: true }));
  connection.pragma(`user_version = ${(last + 1) | 0}`);
}

/**
 * Runs statements on a connection, each prepared once, and returns rows as arrays of columns. Commits are numbered: the first of
 * a connection always, a later one if it wrote rows.
 * Plain JavaScript because a thread that starts from the sources has no compiler.
 *
 * @param {import("better-sqlite3").Database} connection
 * @returns {(sql: string, params: unknown[]) => unknown[][]}
 */
export function createStatements(connection) {
  /** @type {Map<string, import("better-sqlite3").Statement>} */
  const statements = new Map();
  const totalChanges = connection.prepare("select total_changes()").pluck();
  /** @type {unknown} */
  let changesAtCommit;

  /** @param {string} sql */
  function prepared(sql) {
    const known = statements.get(sql);
    if (known) return known;
    const statement = connection.prepare(sql);
    if (statement.reader) statement.raw();
    if (statements.size >= maxStatements) statements.delete(/** @type {string} */ (statements.keys().next().value));
    statements.set(sql, statement);
    return statement;
  }

  function numberIfChanged() {
    const changes = totalChanges.get();
    if (changes !== changesAtCommit) numberCommit(connection);
    changesAtCommit = changes;
  }

  return (sql, params) => {
    if (sql === "COMMIT") numberIfChanged();
    const statement = prepared(sql);
    if (statement.reader) return /** @type {unknown[][]} */ (statement.all(...params));
    statement.run(...params);
    return [];
  };
}
