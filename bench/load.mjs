// A closed-loop generator over keep-alive connections that prints its results as JSON. It parses only the status' first
// digit and the length: parsing more would make it slower than what it measures.
import net from "node:net";
import process from "node:process";
import { json } from "node:stream/consumers";

/** @type {any} */
const asked = await json(process.stdin);
const { port, requests, connections, seconds = 3_600, questions = Number.POSITIVE_INFINITY } = asked;
const buffers = requests.map((/** @type {string} */ text) => Buffer.from(text));
/** @type {number[]} in milliseconds */
const latencies = [];
let next = 0;
let open = connections;

/** @param {string} why */
const fail = (why) => {
  console.error(why);
  process.exit(1);
};

const headEnd = Buffer.from("\r\n\r\n");
const lengthName = Buffer.from("ontent-length: ");

/** @param {Buffer} first an answer, or its beginning with the whole head */
function lengthOf(first) {
  if (first[9] !== 0x32) fail(`not 2xx: ${first.toString("latin1")}`);
  const head = first.indexOf(headEnd);
  let length = 0;
  for (let at = first.indexOf(lengthName) + lengthName.length; first[at] !== 0x0d; at++) length = length * 10 + Number(first[at]) - 0x30;
  return head + 4 + length;
}

// A sleeping core is woken by the sender, which would add to the measured time.
const stayAwake = () => {
  if (open > 0) setImmediate(stayAwake);
};
stayAwake();

const until = performance.now() + seconds * 1000;
const started = performance.now();
for (let i = 0; i < connections; i++) {
  const socket = net.connect(port, "127.0.0.1").setNoDelay();
  let sentAt = 0;
  let got = 0;
  let length = 0;
  let isDone = false;
  const ask = () => {
    sentAt = performance.now();
    socket.write(buffers[next++ % buffers.length]);
  };
  socket.on("connect", ask);
  socket.on("error", (error) => fail(String(error)));
  socket.on("close", () => {
    if (!isDone) fail("the server closed a connection");
  });
  socket.on("data", (chunk) => {
    if (got === 0) length = lengthOf(chunk);
    got += chunk.length;
    if (got > length) fail("an answer was longer than the others");
    if (got < length) return;
    const now = performance.now();
    latencies.push(now - sentAt);
    got = 0;
    length = 0;
    if (now < until && next < questions) return ask();
    isDone = true;
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
