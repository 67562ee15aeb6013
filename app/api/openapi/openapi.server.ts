import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { guarded } from "~/api/http/route.server";
import type { Services } from "~/server/services.server";
import type { DescribedRoute } from "./describe";
import { type OpenApiDocument, openApiDocument } from "./openapi-document.server";
import { openApiPath } from "./openapi-path";
import { referencePages } from "./reference/reference-pages.server";

/** Public: it contains nothing but this version's API. */
export async function openApi(app: FastifyInstance, { services, routes }: { services: Services; routes: readonly DescribedRoute[] }) {
  // Built on first request, when all routes have been added.
  let document: Promise<OpenApiDocument> | undefined;
  let text: Promise<string> | undefined;
  const describe = () => {
    document ??= openApiDocument(routes, { origin: services.env.publicUrl });
    return document;
  };
  const described = guarded(services, {
    id: "getDescription",
    tag: "Description",
    summary: "This description, as OpenAPI 3.1",
    act: null,
    answers: {
      200: {
        what: "An OpenAPI document.",
        schema: z.object({ openapi: z.string() }).loose(),
        example: { openapi: "3.1.0", info: { title: "Latchkey", version: "1.0.0" }, paths: {} },
      },
    },
  });
  app.get(openApiPath, described, async (_request, reply) => {
    text ??= describe().then((document) => JSON.stringify(document));
    return reply
      .header("cache-control", "public, max-age=60")
      .header("content-type", "application/json; charset=utf-8")
      .send(await text);
  });
  await app.register(referencePages, { describe, origin: services.env.publicUrl });
}
