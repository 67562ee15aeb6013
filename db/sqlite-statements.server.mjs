/** Prepared statements kept per connection. Inserts of many rows have a text for each number of rows. */
const maxStatements = 300;

/**
 * Runs statements on a connection, each prepared once, and returns rows as arrays of columns.
 * Plain JavaScript because a thread that starts from the sources has no compiler.
 *
 * @param {import("better-sqlite3").Database} connection
 * @returns {(sql: string, params: unknown[]) => unknown[][]}
 */
export function createStatements(connection) {
  /** @type {Map<string, import("better-sqlite3").Statement>} */
  const statements = new Map();

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

  return (sql, params) => {
    const statement = prepared(sql);
    if (statement.reader) return /** @type {unknown[][]} */ (statement.all(...params));
    statement.run(...params);
    return [];
  };
}
