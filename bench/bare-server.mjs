// Plain node:http as the reference: the same prepared bytes for every request.
import http from "node:http";
import process from "node:process";
import { json } from "node:stream/consumers";

/** @type {any} */
const answer = await json(process.stdin);
const { status, headers, body } = answer;
const server = http.createServer((_request, response) => {
  response.writeHead(status, headers);
  response.end(body);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`ready on ${typeof address === "object" && address?.port}`);
});
