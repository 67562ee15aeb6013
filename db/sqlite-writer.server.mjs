// Runs as a thread of its own. Plain JavaScript, so that it starts from the sources without a compiler.
import { constants, platform, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import Sqlite from "better-sqlite3";

// On Linux a priority is a thread's own: where cores are few, the one that answers checks goes first. Elsewhere it is the process's.
if (platform() === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/** @typedef {{ id: number, sql: string, lists: unknown[][] }} Work */

const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
/** @type {{ file: string, settings: string[], lockPatience: number }} */
const { file, settings, lockPatience } = workerData;
const connection = new Sqlite(file, { timeout: lockPatience });
for (const setting of settings) connection.pragma(setting);
/** @type {Map<string, Sqlite.Statement>} */
const statements = new Map();

/**
 * So long it lets others have the core between two runs, in milliseconds: a scheduler lets a thread that does not stop by itself
 * go on for several, however far it stands back.
 */
const rest = 0.2;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** @param {Work} work */
function run({ sql, lists }) {
  const statement = statements.get(sql) ?? connection.prepare(sql);
  statements.set(sql, statement);
  const [first, ...more] = lists;
  if (first === undefined) return;
  if (more.length === 0) return void statement.run(...first);
  connection.exec("BEGIN IMMEDIATE");
  try {
    statement.run(...first);
    for (const params of more) {
      Atomics.wait(nobody, 0, 0, rest);
      statement.run(...params);
    }
    connection.exec("COMMIT");
  } finally {
    if (connection.inTransaction) connection.exec("ROLLBACK");
  }
}

port.on("message", (/** @type {Work | "stop"} */ work) => {
  if (work === "stop") {
    connection.close();
    return port.close();
  }
  try {
    run(work);
    port.postMessage({ id: work.id });
  } catch (error) {
    const { message, code } = /** @type {Error & { code?: string }} */ (error);
    port.postMessage({ id: work.id, error: { message, code } });
  }
});
