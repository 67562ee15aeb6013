import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Services } from "~/server/services.server";
import type { DescribedRoute } from "./described-routes";
import { openApiDocument } from "./openapi-document.server";
import { guarded } from "./route.server";

export const openApiPath = "/api/openapi.json";

/** Whoever asks gets it: it holds nothing but what this version can do. */
export async function openApi(app: FastifyInstance, { services, routes }: { services: Services; routes: readonly DescribedRoute[] }) {
  let text: string | undefined;
  const described = guarded(services, {
    id: "getDescription",
    tag: "Description",
    summary: "This description, as OpenAPI 3.1",
    scope: null,
    answers: {
      200: {
        what: "An OpenAPI document.",
        schema: z.object({ openapi: z.string() }).loose(),
        example: { openapi: "3.1.0", info: { title: "Latchkey", version: "1.0.0" }, paths: {} },
      },
    },
  });
  app.get(openApiPath, described, async (_request, reply) => {
    // Made when it is first asked for: all routes have been added by then.
    text ??= JSON.stringify(openApiDocument(routes, { origin: services.env.publicUrl }));
    return reply.header("cache-control", "public, max-age=60").header("content-type", "application/json; charset=utf-8").send(text);
  });
}
