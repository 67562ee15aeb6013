import type { FastifyInstance, FastifyRequest } from "fastify";
import { parseExactJson } from "~/forms/exact-json";
import { bodyLimitsOf, maxParsedDepth } from "./body-limits";
import { BodyRefused, jsonFault } from "./json-scan";
import { readText } from "./text-body.server";

/**
 * Reads JSON bodies within their route's limits. Bytes are scanned once before parsing, because parsing and validating
 * tens of thousands of names takes hundreds of milliseconds.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.addHook("onRoute", (route) => {
    route.bodyLimit = bodyLimitsOf(route.config?.description).maxBytes;
  });
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, bytes: Buffer, done) => {
    // Many clients send this type with every request, also with a DELETE that has no body.
    if (bytes.length === 0) return done(null, undefined);
    try {
      const text = readText(request.headers, bytes);
      const { maxValues } = limitsOf(request);
      const fault = jsonFault(bytes, { maxValues: maxValues ?? Number.POSITIVE_INFINITY, maxDepth: maxParsedDepth });
      if (fault) throw new BodyRefused(fault);
      done(null, parseExactJson(text));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

export const limitsOf = (request: FastifyRequest) => bodyLimitsOf(request.routeOptions.config.description);
