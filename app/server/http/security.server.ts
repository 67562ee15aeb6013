import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyHelmetOptions } from "@fastify/helmet";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Env } from "~/server/env.server";
import { maxFormBytes } from "./form-limits.server";
import { sendPlainPage } from "./plain-page.server";

const nonces = new WeakMap<ServerResponse, string>();

/** One nonce per response, for scripts and the styles they add. */
export function cspNonceOf(response: ServerResponse): string {
  const nonce = nonces.get(response) ?? randomBytes(16).toString("base64");
  nonces.set(response, nonce);
  return nonce;
}

export const isBehindHttps = ({ publicUrl }: Pick<Env, "publicUrl">) => publicUrl?.startsWith("https:") ?? false;
const oneYear = 365 * 24 * 3600; // s

/** Headers of every response: pages, the API and early refusals. */
export const baseHeaders = (env: Pick<Env, "publicUrl">): { [name: string]: string } => ({
  "x-content-type-options": "nosniff",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  ...(isBehindHttps(env) ? { "strict-transport-security": `max-age=${oneYear}; includeSubDomains` } : {}),
});

/** Works over plain HTTP in a LAN: headers that force https are sent only with an https PUBLIC_URL. */
export function helmetOptions({ production, publicUrl, host }: Env): FastifyHelmetOptions {
  const isHttps = isBehindHttps({ publicUrl });
  const nonce = (_request: IncomingMessage, response: ServerResponse) => `'nonce-${cspNonceOf(response)}'`;
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: [nonce, "'strict-dynamic'"],
        // In development Vite adds styles without a nonce, which 'unsafe-inline' allows only if no nonce is given.
        styleSrc: production ? ["'self'", nonce] : ["'self'", "'unsafe-inline'"],
        styleSrcAttr: ["'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'"],
        connectSrc: production ? ["'self'"] : ["'self'", "ws:"],
        manifestSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    strictTransportSecurity: isHttps ? { maxAge: oneYear, includeSubDomains: true } : false,
    // Browsers ignore these two over plain HTTP, except on localhost, and log a warning on every page.
    crossOriginOpenerPolicy: isHttps || isLoopback(publicUrl ? new URL(publicUrl).hostname : host) ? { policy: "same-origin" } : false,
    originAgentCluster: isHttps,
    // Not no-referrer, which makes browsers send `Origin: null` with forms.
    referrerPolicy: { policy: "same-origin" },
    xFrameOptions: { action: "deny" },
  };
}

const isLoopback = (host: string) => ["localhost", "127.0.0.1", "::1", "[::1]"].includes(host);

function comesFromHere(request: FastifyRequest, publicUrl: string | null): boolean {
  // Browsers send it over https and to localhost, and no page can forge it.
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const origin = request.headers.origin ?? "";
  if (publicUrl !== null) return origin === publicUrl;
  // Uses the browser's scheme, because a proxy that terminates TLS is not always trusted.
  const [scheme] = /^https?:/.exec(origin) ?? [];
  const own = `${scheme}//${request.host}`;
  return scheme !== undefined && URL.canParse(own) && new URL(own).origin === origin;
}

/**
 * Guards every page that changes something. Remix's own check does not cover `?_data=` and resource routes, and
 * believes X-Forwarded-Host; this one uses the browser's statement of where the request started.
 */
export function refuseForeignForms(publicUrl: string | null) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    if (request.method === "GET" || request.method === "HEAD" || request.method === "OPTIONS") return done();
    if (!comesFromHere(request, publicUrl)) {
      const where = publicUrl === null ? "" : ` Latchkey is at ${publicUrl}.`;
      return void sendPlainPage(
        reply,
        403,
        `This form was sent from another place, so nothing was changed.${where} Open the page here and try again.`,
      );
    }
    // Without a length the end cannot be known in advance; browsers always send it with forms.
    if (request.headers["transfer-encoding"] !== undefined) return void sendPlainPage(reply, 411, "Send the form with a Content-Length.");
    if (Number(request.headers["content-length"] ?? 0) > maxFormBytes) {
      return void sendPlainPage(reply, 413, "That is more than 8 MB, so nothing was read. Send something smaller.");
    }
    done();
  };
}
