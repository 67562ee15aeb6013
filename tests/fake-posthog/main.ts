import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { control, controlPath } from "./control";
import { doorOf, startFakePosthog } from "./start";

const { values } = parseArgs({ options: { port: { type: "string", default: "8010" }, "control-port": { type: "string" } } });
const port = Number(values.port);
const { origin, state } = await startFakePosthog({ port });

// A separate port, because the main one is closed while the stand-in refuses.
const orders = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const isOrder = request.url === controlPath;
  const answer = isOrder ? control(state, request.method ?? "GET", Buffer.concat(chunks)) : { status: 404, body: "" };
  response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
});
const door = doorOf(orders, Number(values["control-port"] ?? port + 1));
await door.open();
const orderUrl = `http://127.0.0.1:${door.port()}${controlPath}`;

process.stdout.write(`A stand-in for PostHog listens on ${origin}. It keeps everything in memory.

Point Latchkey at it:

  POSTHOG_HOST=${origin} POSTHOG_PROJECT_ID=${state.projectId} \\
  POSTHOG_PROJECT_API_KEY=${state.projectKey} POSTHOG_SECRET_KEY=${state.secretKey} npm run dev

Without POSTHOG_SECRET_KEY flags are asked remotely. Give it a flag, switch it off, see what it received, let it fail:

  curl ${orderUrl} -d '{"flags":[{"key":"ai-search","properties":[{"key":"plan","value":"starter"}]}]}'
  curl ${orderUrl} -d '{"flags":[{"key":"ai-search","active":false}]}'
  curl ${orderUrl}
  curl ${orderUrl} -d '{"mode":{"default":"hang"}}'     (ok slow refuse garbage hang silent trickle 401 402 429 500)
`);
