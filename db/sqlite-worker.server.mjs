// Runs in a thread with its own connection. Plain JavaScript, so that it starts from the sources without a compiler.
import { constants, platform, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import Sqlite from "better-sqlite3";
import { createStatements } from "./sqlite-statements.server.mjs";

// On Linux priorities are per thread: on few cores the thread that answers checks runs first. Elsewhere they are per
// process.
if (platform() === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/** @typedef {{ id: number, sql: string, params: unknown[] }} Request */

const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
/** @type {{ file: string, settings: string[] }} */
const { file, settings } = workerData;
const connection = new Sqlite(file, { timeout: 0 });
for (const setting of settings) connection.pragma(setting);
const execute = createStatements(connection);

port.on("message", (/** @type {Request | "stop"} */ request) => {
  if (request === "stop") {
    connection.close();
    return port.close();
  }
  const { id, sql, params } = request;
  try {
    port.postMessage({ id, rows: execute(sql, params) });
  } catch (error) {
    const { message, code } = /** @type {Error & { code?: string }} */ (error);
    port.postMessage({ id, error: { message, code } });
  }
});
