// Sends a check every few milliseconds, whatever became of earlier ones, until it gets SIGTERM. Prints each as
// `[sentAt, ms, status]` in one JSON line, with `sentAt` in ms since the epoch.
import http from "node:http";
import process from "node:process";
import { json } from "node:stream/consumers";

/** @type {any} */
const { port, paths, key, everyMs } = await json(process.stdin);
const agent = new http.Agent({ keepAlive: true });
/** @type {[sentAt: number, ms: number, status: number][]} */
const samples = [];
let sent = 0;

function check() {
  const began = performance.now();
  const sentAt = performance.timeOrigin + began;
  const note = (/** @type {number} */ status) => samples.push([sentAt, performance.now() - began, status]);
  const options = { port, host: "127.0.0.1", agent, path: paths[sent++ % paths.length], headers: { authorization: `Bearer ${key}` } };
  http.get(options, (response) => response.on("end", () => note(response.statusCode ?? 0)).resume()).on("error", () => note(0));
}

const timer = setInterval(check, everyMs);
process.once("SIGTERM", () => {
  clearInterval(timer);
  setTimeout(() => process.stdout.write(`${JSON.stringify(samples)}\n`, () => process.exit(0)), 500);
});
console.log("ready");
