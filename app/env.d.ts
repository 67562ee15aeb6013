import "@remix-run/node";
import type { RequestContext } from "./server/services.server";

declare module "@remix-run/node" {
  interface Future {
    v3_singleFetch: true;
  }
}
declare module "@remix-run/server-runtime" {
  interface AppLoadContext extends RequestContext {}
}
