import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyHelmetOptions } from "@fastify/helmet";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Env } from "./env.server";
import { maxFormBytes } from "./form-limits.server";
import { sendPlainPage } from "./plain-page.server";

const nonces = new WeakMap<ServerResponse, string>();

/** One for each answer, for scripts and for the styles that scripts write. */
export function cspNonceOf(response: ServerResponse): string {
  const nonce = nonces.get(response) ?? randomBytes(16).toString("base64");
  nonces.set(response, nonce);
  return nonce;
}

export const isBehindHttps = ({ publicUrl }: Pick<Env, "publicUrl">) => publicUrl?.startsWith("https:") ?? false;
const oneYear = 365 * 24 * 3600; // s

/** Headers of every answer: of pages, of the API and of refusals that reach neither. */
export const baseHeaders = (env: Pick<Env, "publicUrl">): { [name: string]: string } => ({
  "x-content-type-options": "nosniff",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  ...(isBehindHttps(env) ? { "strict-transport-security": `max-age=${oneYear}; includeSubDomains` } : {}),
});

/** Usable over plain HTTP in a LAN: what would send browsers to https stands only behind an https PUBLIC_URL. */
export function helmetOptions({ production, publicUrl, host }: Env): FastifyHelmetOptions {
  const isHttps = isBehindHttps({ publicUrl });
  const nonce = (_request: IncomingMessage, response: ServerResponse) => `'nonce-${cspNonceOf(response)}'`;
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: [nonce, "'strict-dynamic'"],
        // In development Vite writes styles without a nonce, which 'unsafe-inline' allows only when no nonce is given.
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
    // On plain HTTP browsers ignore these two, except on the machine itself, and complain about it on every page.
    crossOriginOpenerPolicy: isHttps || isLoopback(publicUrl ? new URL(publicUrl).hostname : host) ? { policy: "same-origin" } : false,
    originAgentCluster: isHttps,
    // Not no-referrer: that makes browsers send `Origin: null` with a form.
    referrerPolicy: { policy: "same-origin" },
    xFrameOptions: { action: "deny" },
  };
}

const isLoopback = (host: string) => ["localhost", "127.0.0.1", "::1", "[::1]"].includes(host);

function comesFromHere(request: FastifyRequest, publicUrl: string | null): boolean {
  // Browsers send it to https and to localhost, and no page can forge it.
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const origin = request.headers.origin ?? "";
  if (publicUrl !== null) return origin === publicUrl;
  // The scheme is the browser's word: a proxy that ends TLS is not always one that we trust.
  const [scheme] = /^https?:/.exec(origin) ?? [];
  const own = `${scheme}//${request.host}`;
  return scheme !== undefined && URL.canParse(own) && new URL(own).origin === origin;
}

/**
 * In front of every page that changes something. Remix's own check misses `?_data=` and resource routes,
 * and believes X-Forwarded-Host; this one asks the browser where the request was begun.
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
    // Without a length there is no telling when to stop reading; browsers always send it with a form.
    if (request.headers["transfer-encoding"] !== undefined) return void sendPlainPage(reply, 411, "Send the form with a Content-Length.");
    if (Number(request.headers["content-length"] ?? 0) > maxFormBytes) {
      return void sendPlainPage(reply, 413, "That is more than 8 MB, so nothing was read. Send something smaller.");
    }
    done();
  };
}
