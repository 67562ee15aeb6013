import type { FastifyInstance, RouteOptions } from "fastify";
import type { RouteDescription } from "./describe";

export type DescribedRoute = { method: string; path: string; description: RouteDescription | undefined };

declare module "fastify" {
  interface FastifyInstance {
    describedRoutes: DescribedRoute[];
  }
}

/** Notes every route for programs that is added from here on, with what it says of itself. Paths are OpenAPI's. */
export function noteDescriptions(app: FastifyInstance): DescribedRoute[] {
  const routes: DescribedRoute[] = [];
  app.decorate("describedRoutes", routes);
  app.addHook("onRoute", ({ url, method, config }: RouteOptions) => {
    if (config?.refuses || !/^\/(api|ofrep)\//.test(url)) return;
    const path = url.replace(/:(\w+)/g, "{$1}").replace(/\*$/, "{key}");
    for (const m of [method].flat()) {
      // What answers GET answers HEAD as well, and OPTIONS is the browsers' own question.
      if (m !== "HEAD" && m !== "OPTIONS") routes.push({ method: m, path, description: config?.description });
    }
  });
  return routes;
}
