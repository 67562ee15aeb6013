// Asks over keep-alive connections, each again as soon as it has its answer, and prints what it saw as JSON.
// Every answer has the same length, so that none has to be parsed: a generator that parses is slower than what it measures.
import net from "node:net";
import process from "node:process";
import { json } from "node:stream/consumers";

/** @type {any} */
const asked = await json(process.stdin);
const { port, requests, connections, seconds } = asked;
const buffers = requests.map((/** @type {string} */ text) => Buffer.from(text));
/** @type {number[]} in milliseconds */
const latencies = [];
let next = 0;
let length = 0;
let open = connections;

/** @param {string} why */
const fail = (why) => {
  console.error(why);
  process.exit(1);
};

/** @param {Buffer} first the first answer, whole */
function lengthOf(first) {
  const text = first.toString("latin1");
  const head = text.indexOf("\r\n\r\n");
  if (!text.startsWith("HTTP/1.1 200 ")) fail(`not 200: ${text}`);
  return head + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1]);
}

const until = performance.now() + seconds * 1000;
const started = performance.now();
for (let i = 0; i < connections; i++) {
  const socket = net.connect(port, "127.0.0.1").setNoDelay();
  let sentAt = 0;
  let got = 0;
  const ask = () => {
    sentAt = performance.now();
    socket.write(buffers[next++ % buffers.length]);
  };
  socket.on("connect", ask);
  socket.on("error", (error) => fail(String(error)));
  socket.on("close", () => {
    if (performance.now() < until) fail("the server closed a connection");
  });
  socket.on("data", (chunk) => {
    length ||= lengthOf(chunk);
    if (got === 0 && chunk[9] !== 0x32) fail(`not 2xx: ${chunk.toString("latin1")}`);
    got += chunk.length;
    if (got > length) fail("an answer was longer than the others");
    if (got < length) return;
    const now = performance.now();
    latencies.push(now - sentAt);
    got = 0;
    if (now < until) return ask();
    socket.destroy();
    open -= 1;
    if (open === 0) report(now - started);
  });
}

/** @param {number} elapsed */
function report(elapsed) {
  latencies.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => latencies[Math.floor(latencies.length * share)];
  console.log(
    JSON.stringify({ perSecond: (latencies.length / elapsed) * 1000, p50: at(0.5), p99: at(0.99), answers: latencies.length, elapsed }),
  );
}
