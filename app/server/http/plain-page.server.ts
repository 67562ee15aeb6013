import { STATUS_CODES } from "node:http";
import type { FastifyReply } from "fastify";

/** Refuses a request before the pages: one sentence without scripts or styles. `sentence` never contains input. */
export function plainPage(status: number, sentence: string): string {
  const title = STATUS_CODES[status] ?? "Error";
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Latchkey</title></head>` +
    `<body><main><h1>${title}</h1><p>${sentence}</p><p><a href="/">Go to Latchkey</a></p></main></body></html>`
  );
}

export function sendPlainPage(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply
    .code(status)
    .header("content-type", "text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .send(plainPage(status, sentence));
}
