import { fileURLToPath } from "node:url";
import { UNSAFE_flatRoutes as flatRoutes } from "@remix-run/dev";
import type { ServerBuild } from "@remix-run/node";
import * as entry from "~/entry.server";
import * as root from "~/root";
import remixConfig from "../../remix.config.js";

type Module = ServerBuild["routes"][string]["module"];
const modules = import.meta.glob<Module>("../../app/routes/**/*.{ts,tsx}");

export type TestPages = Record<string, Partial<Module>>;

/** The pages from the sources, without the browser build. */
export async function remixBuild(more: TestPages = {}): Promise<ServerBuild> {
  const found = flatRoutes(fileURLToPath(new URL("../../app", import.meta.url)), [], "routes");
  const routes: ServerBuild["routes"] = { root: { id: "root", path: "", module: root as unknown as Module } };
  const browser: ServerBuild["assets"]["routes"] = {};
  for (const { file, ...route } of Object.values(found)) {
    const load = modules[`../../app/${file}`];
    if (load) routes[route.id] = { ...route, parentId: route.parentId ?? "root", module: await load() };
  }
  for (const [path, module] of Object.entries(more))
    routes[`test:${path}`] = { id: `test:${path}`, parentId: "root", path, module: module as Module };
  for (const { module, ...route } of Object.values(routes)) {
    const has = { hasLoader: "loader" in module, hasAction: "action" in module, hasErrorBoundary: "ErrorBoundary" in module };
    browser[route.id] = { ...route, ...has, hasClientAction: false, hasClientLoader: false, module: "/none.js" };
  }
  return {
    mode: "test",
    entry: { module: entry as unknown as ServerBuild["entry"]["module"] },
    routes,
    assets: { entry: { imports: [], module: "/none.js" }, routes: browser, url: "/none.js", version: "test" },
    publicPath: "/",
    assetsBuildDirectory: "build/client",
    future: remixConfig.future as ServerBuild["future"],
    isSpaMode: false,
  };
}
