import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { invalidAddressAt, invalidUtf8At } from "~/forms/utf8";
import type { Problem } from "./problem.server";

/** Thrown for a body that is not text as the API reads it; `problem` is the answer. */
export class UnreadableText extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i;
/** Names of UTF-8 and of a part of it. */
const utf8Names = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

/** Returns the text of a body. Throws UnreadableText unless it was sent as UTF-8, without another encoding around it. */
export function readText(headers: IncomingHttpHeaders, bytes: Buffer): string {
  const name = charset.exec(headers["content-type"] ?? "")?.[1]?.toLowerCase() ?? "utf-8";
  if (!utf8Names.has(name)) throw unsupported("Content-Type", "Send the body as UTF-8: other values of charset are not read here.");
  const encoding = headers["content-encoding"]?.trim().toLowerCase() || "identity";
  if (encoding !== "identity") throw unsupported("Content-Encoding", "Send the body as it is, without Content-Encoding.");
  if (isUtf8(bytes)) return bytes.toString().replace(/^\ufeff/, ""); // without a byte order mark
  const at = invalidUtf8At(bytes);
  const detail = `The body is not UTF-8 text: what begins at byte ${at} is no character of it. Send the body as UTF-8.`;
  throw new UnreadableText({ status: 400, code: "invalid_request", detail, field: "body" });
}

function unsupported(field: string, detail: string): UnreadableText {
  return new UnreadableText({ status: 415, code: "unsupported_media_type", detail, field });
}

/** Returns what is wrong with a URL that is not UTF-8, or null: it would name something other than intended. */
export function addressProblem({ raw }: Pick<FastifyRequest, "raw">): Problem | null {
  const address = raw.url ?? "";
  const at = invalidAddressAt(address);
  if (at === null) return null;
  const detail = `The address is not UTF-8 at character ${at}. Percent-encode its text as UTF-8, such as %C3%A9 for é.`;
  return { status: 400, code: "invalid_request", detail, field: address.slice(0, at).includes("?") ? "query" : "path" };
}

export function refuseInvalidAddress(refuse: (request: FastifyRequest, reply: FastifyReply, problem: Problem) => unknown) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const problem = addressProblem(request);
    if (problem) refuse(request, reply, problem);
    else done();
  };
}
