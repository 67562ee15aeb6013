// An open-loop generator: requests at a constant rate regardless of earlier ones, opening connections as needed.
// Without a rate it is closed-loop. Prints its results as JSON.
import net from "node:net";
import process from "node:process";
import { json } from "node:stream/consumers";

/** @type {any} `mix`: kinds in their order, again and again; `requests`: of each kind, in turn. */
const asked = await json(process.stdin);
const { port, mix, requests, perSecond, seconds, connections } = asked;
/** How long answers are awaited after the last request, in ms. */
const lastWaitMs = 60_000;

/** @typedef {{ buffers: Buffer[], sent: number, accepted: number[], refused: number, others: { [status: string]: number }, unanswered: number }} Kind */
/** @typedef {{ kind: Kind, due: number }} Question */
/** @type {Map<string, Kind>} */
const kinds = new Map();
for (const [name, texts] of Object.entries(requests)) {
  const buffers = texts.map((/** @type {string} */ text) => Buffer.from(text));
  kinds.set(name, { buffers, sent: 0, accepted: [], refused: 0, others: {}, unanswered: 0 });
}
/** @type {{ ask: (question: Question) => void }[]} */
const free = [];
let open = 0;
let maxOpen = 0;
let underWay = 0;
let count = 0;
let isOver = false;

/**
 * @param {number} due
 * @returns {Question}
 */
const nextQuestion = (due) => ({ kind: /** @type {Kind} */ (kinds.get(mix[count++ % mix.length])), due });

/** @param {Question} [first] */
function connect(first) {
  const socket = net.connect(port, "127.0.0.1").setNoDelay();
  /** @type {Question | undefined} */
  let question;
  /** @type {Buffer[]} */
  let chunks = [];
  let got = 0;
  /** @type {{ status: string, length: number } | undefined} `length` -1: it ends with the last chunk */
  let head;
  open += 1;
  maxOpen = Math.max(maxOpen, open);
  const one = {
    /** @param {Question} asked */
    ask(asked) {
      question = asked;
      [chunks, got, head] = [[], 0, undefined];
      const { kind } = asked;
      underWay += 1;
      socket.write(/** @type {Buffer} */ (kind.buffers[kind.sent++ % kind.buffers.length]));
    },
  };
  socket.on("connect", () => (first ? one.ask(first) : free.push(one)));
  socket.on("error", () => {});
  socket.on("close", () => {
    open -= 1;
    if (free.includes(one)) free.splice(free.indexOf(one), 1);
    if (question) noteUnanswered(question);
    if (!perSecond && !isOver) connect(nextQuestion(performance.now()));
  });
  socket.on("data", (chunk) => {
    got += chunk.length;
    if (!head || head.length < 0) chunks.push(chunk);
    if (!head) {
      const all = Buffer.concat(chunks);
      const end = all.indexOf("\r\n\r\n");
      if (end < 0) return;
      const text = all.toString("latin1", 0, end);
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      head = { status: text.slice(9, 12), length: length === undefined ? -1 : end + 4 + Number(length) };
    }
    if (head.length >= 0 ? got < head.length : !Buffer.concat(chunks.slice(-2)).subarray(-5).equals(lastChunk)) return;
    const { kind, due } = /** @type {Question} */ (question);
    question = undefined;
    underWay -= 1;
    if (head.status === "200") kind.accepted.push(performance.now() - due);
    else if (head.status === "503") kind.refused += 1;
    else kind.others[head.status] = (kind.others[head.status] ?? 0) + 1;
    if (isOver) return finish();
    if (perSecond) free.push(one);
    else one.ask(nextQuestion(performance.now()));
  });
}
const lastChunk = Buffer.from("0\r\n\r\n");

/** @param {Question} question */
function noteUnanswered({ kind }) {
  kind.unanswered += 1;
  underWay -= 1;
  if (isOver) finish();
}

const started = performance.now();
if (perSecond) pace();
else {
  for (let i = 0; i < connections; i++) connect(nextQuestion(performance.now()));
  setTimeout(end, seconds * 1000);
}

function pace() {
  const gap = 1000 / perSecond;
  const total = Math.round(perSecond * seconds);
  const tick = () => {
    const now = performance.now();
    while (count < total && started + count * gap <= now) {
      const question = nextQuestion(started + count * gap);
      const one = free.pop();
      if (one) one.ask(question);
      else connect(question);
    }
    if (count < total) setImmediate(tick);
    else end();
  };
  tick();
}

function end() {
  isOver = true;
  setTimeout(report, lastWaitMs).unref();
  finish();
}

function finish() {
  if (underWay === 0) report();
}

function report() {
  const elapsed = (performance.now() - started) / 1000;
  /** @type {{ [kind: string]: object }} */
  const seen = {};
  for (const [name, { sent, accepted, refused, others, unanswered }] of kinds) {
    accepted.sort((a, b) => a - b);
    const at = (/** @type {number} */ share) => accepted[Math.floor(accepted.length * share)] ?? null;
    const left = sent - accepted.length - refused - Object.values(others).reduce((a, b) => a + b, 0) - unanswered;
    seen[name] = { sent, accepted: accepted.length, p50: at(0.5), p99: at(0.99), refused, others, unanswered: unanswered + left };
  }
  console.log(JSON.stringify({ elapsed, maxOpen, kinds: seen }));
  process.exit(0);
}
