// Sends several kinds of requests at the same time, each at its own pace or in one burst, and prints what became of each as JSON.
// It uses timers and not a core: a server and its database want both cores of a small machine. Latency counts from when a request was due.
import net from "node:net";
import process from "node:process";
import { json } from "node:stream/consumers";

/**
 * @typedef {{ name: string, port: number, requests: string[], connections: number, perSecond: number, startMs?: number, count?: number }} Kind
 * `perSecond` 0: all `count` at once. `startMs`: after the others have begun.
 */
/** @type {{ kinds: Kind[], seconds: number, warmUpSeconds: number }} */
const { kinds, seconds, warmUpSeconds } = /** @type {any} */ (await json(process.stdin));

const started = performance.now() + 100;
const measuredFrom = started + warmUpSeconds * 1000;
const end = measuredFrom + seconds * 1000;

/** @param {Kind} kind */
async function run({ name, port, requests, connections, perSecond, startMs = 0, count = Number.POSITIVE_INFINITY }) {
  const buffers = requests.map((text) => Buffer.from(text));
  /** @type {number[]} */
  const latencies = [];
  /** @type {Record<string, number>} */
  const statuses = {};
  /** @type {((due: number) => void)[]} */
  const free = [];
  /** @type {number[]} */
  const waiting = [];
  const begin = started + startMs;
  let sent = 0;
  let due = 0;
  let answered = 0;
  let lastAt = begin;

  const open = () =>
    new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1").setNoDelay();
      let dueAt = 0;
      let got = Buffer.alloc(0);
      /** @param {number} at */
      const send = (at) => {
        dueAt = at;
        socket.write(/** @type {Buffer} */ (buffers[sent++ % buffers.length]));
      };
      socket.on("connect", () => {
        free.push(send);
        resolve(undefined);
      });
      socket.on("error", () => {
        statuses.broken = (statuses.broken ?? 0) + 1;
      });
      socket.on("data", (chunk) => {
        got = got.length === 0 ? chunk : Buffer.concat([got, chunk]);
        const head = got.indexOf("\r\n\r\n");
        if (head < 0) return;
        const text = got.toString("latin1", 0, head);
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (got.length < head + 4 + length) return;
        got = Buffer.alloc(0);
        const now = performance.now();
        const status = text.slice(9, 12);
        answered += 1;
        lastAt = now;
        if (dueAt >= measuredFrom) {
          latencies.push(now - dueAt);
          statuses[status] = (statuses[status] ?? 0) + 1;
        }
        const next = waiting.shift();
        if (next === undefined) free.push(send);
        else send(next);
      });
    });
  await Promise.all(Array.from({ length: connections }, open));
  while (due < count && performance.now() < end) {
    const now = performance.now();
    for (let at = perSecond > 0 ? begin + (due * 1000) / perSecond : begin; at <= now && at < end && due < count; ) {
      const send = free.pop();
      if (send) send(at);
      else waiting.push(at);
      due += 1;
      at = perSecond > 0 ? begin + (due * 1000) / perSecond : begin;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const until = performance.now() + 20_000; answered < due && performance.now() < until; ) await new Promise((r) => setTimeout(r, 5));
  latencies.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
  const answeredPerSecond = (answered / Math.max(1, lastAt - begin)) * 1000;
  return [
    name,
    { answeredPerSecond, statuses, unanswered: due - answered, p50: at(0.5), p90: at(0.9), p99: at(0.99), most: latencies.at(-1) },
  ];
}

console.log(JSON.stringify(Object.fromEntries(await Promise.all(kinds.map(run)))));
process.exit(0);
