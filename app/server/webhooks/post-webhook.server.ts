import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import type { AttemptResult } from "~/core/webhooks/delivery-outcome";
import { AddressRefused, isPublicAddress, publicLookup, type ResolveHost } from "./public-address.server";

/** From the lookup to the end of the answer, in ms. */
export const webhookTimeoutMs = 10_000;
/** Bytes read of an answer. The rest is not received. */
export const maxAnswerBytes = 4_096;

export type WebhookReply = AttemptResult & { answer: string | null };
type Options = { allowedHosts: readonly string[]; timeoutMs?: number; resolve?: ResolveHost; signal?: AbortSignal };

/** A URL's host as the environment variable names it: without brackets and port. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, "").toLowerCase();

/**
 * Posts a body once. Follows no redirects, connects only to public addresses unless the host is allowed, and reads a
 * bounded part of the answer. Never rejects.
 */
export function postWebhook(url: string, headers: Record<string, string>, body: string, options: Options): Promise<WebhookReply> {
  const { allowedHosts, timeoutMs = webhookTimeoutMs, resolve, signal } = options;
  if (!URL.canParse(url)) return Promise.resolve(failed("The address is not a URL."));
  const target = new URL(url);
  const host = hostOf(target);
  const isAllowed = allowedHosts.includes(host);
  // A literal address is connected to without a lookup.
  if (!isAllowed && isIP(host) !== 0 && !isPublicAddress(host)) return Promise.resolve(failed(new AddressRefused().message));
  const send = target.protocol === "https:" ? httpsRequest : target.protocol === "http:" ? httpRequest : null;
  if (!send) return Promise.resolve(failed("The address has to begin with https:// or http://."));
  return new Promise((settle) => {
    let answered: IncomingMessage | undefined;
    let text = Buffer.alloc(0);
    const finish = (error: string | null) => {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", abort);
      asked.destroy();
      const status = answered?.statusCode ?? null;
      settle(status === null ? failed(error ?? "There was no answer.") : { ...replyOf(status), answer: text.toString("utf8") });
    };
    const asked: ClientRequest = send(target, {
      method: "POST",
      agent: false,
      headers: { ...headers, "content-length": Buffer.byteLength(body), connection: "close" },
      ...(isAllowed ? {} : { lookup: publicLookup(resolve) }),
    });
    const deadline = setTimeout(() => finish(`There was no answer within ${timeoutMs / 1_000} seconds.`), timeoutMs);
    const abort = () => finish("Latchkey was stopped.");
    signal?.addEventListener("abort", abort, { once: true });
    asked.on("socket", (socket: Socket) => {
      socket.on("connect", () => {
        if (!isAllowed && !isPublicAddress(socket.remoteAddress ?? "")) finish(new AddressRefused().message);
      });
    });
    asked.on("error", (error) => finish(sentenceOf(error)));
    asked.on("response", (response) => {
      answered = response;
      response.on("data", (chunk: Buffer) => {
        text = Buffer.concat([text, chunk]).subarray(0, maxAnswerBytes);
        if (text.length >= maxAnswerBytes) finish(null);
      });
      response.on("end", () => finish(null));
      response.on("error", () => finish(null));
    });
    asked.end(body);
  });
}

const failed = (error: string): WebhookReply => ({ status: null, error, isGone: false, answer: null });

function replyOf(status: number): AttemptResult {
  if (status >= 200 && status < 300) return { status, error: null, isGone: false };
  const isRedirect = status >= 300 && status < 400;
  const error = isRedirect ? `The receiver answered ${status}. Redirects are not followed.` : `The receiver answered ${status}.`;
  return { status, error, isGone: status === 410 };
}

const sentences: Readonly<Record<string, string>> = {
  ENOTFOUND: "The host's name is not known.",
  EAI_AGAIN: "The host's name could not be looked up.",
  ECONNREFUSED: "The host refuses connections on this port.",
  ECONNRESET: "The receiver closed the connection without an answer.",
  EHOSTUNREACH: "The host cannot be reached.",
  ENETUNREACH: "The host cannot be reached.",
  ETIMEDOUT: "The host cannot be reached.",
};

function sentenceOf(error: Error & { code?: string }): string {
  if (error instanceof AddressRefused) return error.message;
  const code = error.code ?? "";
  if (sentences[code]) return sentences[code];
  return /CERT|TLS|SSL/.test(code) ? `The certificate or TLS failed: ${code}.` : `The request failed${code && `: ${code}`}.`;
}
