import type { ServerBuild } from "@remix-run/node";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { grantTrial } from "~/core/grants/grant-changes";
import type { Actor, Feature, Instant, Plan, TenantFacts, Value } from "~/core/model";
import type { ApiScope } from "~/core/permissions";
import { day } from "~/core/time";
import { type AppOptions, createApp } from "~/server/app.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createKey } from "~/server/keys/api-keys.server";
import type { Engine } from "~db/dialect";
import { type Given, startServices } from "./services";

export const ada: Actor = { kind: "admin", id: "ad_1", name: "Ada" };

/** API routes only, without pages. */
const noPages: ServerBuild = {
  mode: "test",
  entry: { module: { default: () => new Response("no pages here", { status: 404 }) } },
  routes: {},
  assets: { entry: { imports: [], module: "" }, routes: {}, url: "", version: "" },
  publicPath: "/",
  assetsBuildDirectory: "",
  future: {} as ServerBuild["future"],
  isSpaMode: false,
};

/** The API on a free port, with real HTTP and a real database. */
export async function startApi(
  engine: Engine = "sqlite",
  given: Given & Pick<AppOptions, "timeouts" | "build"> & { keys?: { check: string; manage: string } } = {},
) {
  const services = await startServices(engine, given);
  const app = await createApp(services, { build: given.build ?? noPages, timeouts: given.timeouts });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const keyFor = async (...scopes: ApiScope[]) => (await createKey(services, ada, { name: scopes.join(), scopes, expiresAt: null })).key;
  const keys = given.url ? given.keys : { check: await keyFor("check"), manage: await keyFor("manage") };

  return {
    ...services,
    services,
    routes: app.describedRoutes,
    origin,
    keyFor,
    keys: keys as { check: string; manage: string },
    clock: services.clock,
    async stop() {
      await app.close();
      await services.stop();
    },
    catalogue: (features: Feature[], plans: Plan[]) =>
      changeCatalogue(services, ada, (_facts, stamp) => ({
        ok: true,
        change: catalogueChange("catalogue.imported", { features, plans }, stamp, null),
      })),
    tenant: (key: string, form: TenantForm) => changeTenant(services, key, ada, (facts, c, stamp) => putTenant(facts, key, form, c, stamp)),
    trial: (key: string, feature: string, endsAt: Instant = services.now() + 14 * day, value?: Value) =>
      changeTenant(services, key, ada, (f, c, stamp) => grantTrial(f as TenantFacts, { features: [{ feature, value }], endsAt }, c, stamp)),
    get: (path: string, key: string | null = keys?.check ?? null, headers: Record<string, string> = {}) =>
      fetch(origin + path, { headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers } }),
    send: (method: string, path: string, body?: unknown, key: string | null = keys?.manage ?? null, headers: Record<string, string> = {}) =>
      fetch(origin + path, {
        method,
        headers: {
          ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      }),
  };
}
export type Api = Awaited<ReturnType<typeof startApi>>;
