import { STATUS_CODES } from "node:http";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";

/** Refuses a request before the pages: one sentence without scripts or styles. `sentence` never contains input. */
export function plainPage(status: number, sentence: string): string {
  const title = STATUS_CODES[status] ?? "Error";
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Latchkey</title></head>` +
    `<body><main><h1>${title}</h1><p>${sentence}</p><p><a href="/">Go to Latchkey</a></p></main></body></html>`
  );
}

const dataType = "text/x-script; charset=utf-8";

/**
 * The error response that Remix's client expects instead of data. It makes the page show the message that
 * app/ui/kit/error-page.tsx has for this status. Valid for form submissions and navigations of any route.
 */
function refusedData(isForm: boolean, status: number): string {
  const error = (at: string) => `["ErrorResponse",${at}],"",${status},${JSON.stringify(STATUS_CODES[status] ?? "")}]\n`;
  return isForm ? `[{"_1":2},"error",${error("3,4,5")}` : `[["SingleFetchRedirect",1],{"_2":3},"error",${error("4,5,6")}`;
}

/** Refuses a request for a page in the format its sender expects: HTML, or the data of Remix's client. */
export function refusedPage(url: string, method: string | undefined, status: number, sentence: string): { type: string; body: string } {
  if (/\.data(\?|$)/.test(url)) return { type: dataType, body: refusedData(method !== "GET", status) };
  return { type: "text/html; charset=utf-8", body: plainPage(status, sentence) };
}

export function sendPlainPage(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply
    .code(status)
    .header("content-type", "text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .send(plainPage(status, sentence));
}

export function sendPageFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error.statusCode ?? 500;
  if (status < 500) return sendPlainPage(reply, status, "This cannot be read.");
  request.log.error({ err: error, req: request }, "page failed");
  return sendPlainPage(reply, status, `Something went wrong. The log has the reason under ${request.id}.`);
}
