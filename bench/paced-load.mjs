// An open-loop generator over keep-alive connections that prints its results as JSON. It polls the clock, because
// timers have a resolution of a millisecond, so it needs its own core.
import net from "node:net";
import process from "node:process";
import { json } from "node:stream/consumers";

/** @type {any} */
const asked = await json(process.stdin);
const { port, requests, connections, perSecond, seconds } = asked;
const buffers = requests.map((/** @type {string} */ text) => Buffer.from(text));
const gap = 1000 / perSecond;
/** The first second is a warm-up and is not reported. */
const warmUp = perSecond;
const total = Math.round(perSecond * seconds) + warmUp;
/** @type {number[]} in milliseconds, from when each was due */
const latencies = [];
/** @type {{ send: (due: number) => void }[]} */
const free = [];
/** @type {number[]} due and without a connection yet */
const waiting = [];
let sent = 0;
let answered = 0;
/** Answered but not measured: the generator was not running while they were due or in flight. */
let unmeasured = 0;

/** Longer gaps without CPU time count as not running, in ms. */
const kept = 0.3;
let keptUntil = Number.NEGATIVE_INFINITY;
let lookedAt = performance.now();
let used = usedSoFar();

/** CPU time in ms. */
function usedSoFar() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** It runs continuously, so time without CPU use was taken from it. A stalled server takes nothing from it. */
function look() {
  const [now, usedNow] = [performance.now(), usedSoFar()];
  if (now - lookedAt - (usedNow - used) > kept) keptUntil = now;
  [lookedAt, used] = [now, usedNow];
  return now;
}

/** @param {string} why */
const fail = (why) => {
  console.error(why);
  process.exit(1);
};

/** @returns {Promise<void>} */
function connect() {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1").setNoDelay();
    let due = 0;
    let got = 0;
    let length = 0;
    const one = {
      /** @param {number} at */
      send(at) {
        due = at;
        got = 0;
        length = 0;
        socket.write(buffers[sent++ % buffers.length]);
      },
    };
    socket.on("connect", () => {
      free.push(one);
      resolve();
    });
    socket.on("error", (error) => fail(String(error)));
    socket.on("data", (chunk) => {
      if (length === 0) length = lengthOf(chunk);
      got += chunk.length;
      if (got < length) return;
      const now = look();
      answered += 1;
      if (due >= measured && due <= keptUntil) unmeasured += 1;
      else if (due >= measured) latencies.push(now - due);
      const next = waiting.shift();
      if (next === undefined) free.push(one);
      else one.send(next);
      if (answered === total) report();
    });
  });
}

/** @param {Buffer} first the beginning of an answer, with its whole head */
function lengthOf(first) {
  const head = first.indexOf("\r\n\r\n");
  const text = first.toString("latin1", 0, head);
  if (!text.startsWith("HTTP/1.1 200 ")) fail(`not 200: ${first.toString("latin1")}`);
  return head + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1]);
}

await Promise.all(Array.from({ length: connections }, connect));
const started = performance.now() + 50;
const measured = started + warmUp * gap;
let nextNumber = 0;
const tick = () => {
  const now = look();
  while (nextNumber < total && started + nextNumber * gap <= now) {
    const due = started + nextNumber * gap;
    nextNumber += 1;
    const one = free.pop();
    if (one === undefined) waiting.push(due);
    else one.send(due);
  }
  if (nextNumber < total) setImmediate(tick);
};
tick();

function report() {
  latencies.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => latencies[Math.floor(latencies.length * share)];
  console.log(
    JSON.stringify({ p50: at(0.5), p99: at(0.99), p999: at(0.999), most: latencies.at(-1), answers: latencies.length, unmeasured }),
  );
  process.exit(0);
}
