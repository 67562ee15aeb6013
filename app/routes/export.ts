import { Readable } from "node:stream";
import type { LoaderFunctionArgs } from "@remix-run/node";
import { isoDay } from "~/core/time";
import { actorOf, requireAdmin } from "~/server/admins/sessions.server";
import { exportFor } from "~/server/catalogue/export.server";

const types = { yaml: "application/yaml; charset=utf-8", json: "application/json; charset=utf-8" };

/** A download for every signed-in admin: it contains what they can see anyway. */
export async function loader({ request, context }: LoaderFunctionArgs) {
  const admin = await requireAdmin(request, context, "data.export");
  const asked = new URL(request.url).searchParams;
  const format = asked.get("format") === "json" ? "json" : "yaml";
  const { parts } = await exportFor(context, actorOf(admin), { tenants: asked.get("tenants") === "yes", format }, request.signal);
  const name = `latchkey-${isoDay(context.now())}.${format}`;
  return new Response(Readable.toWeb(Readable.from(parts)) as ReadableStream, {
    headers: { "Content-Type": types[format], "Content-Disposition": `attachment; filename="${name}"` },
  });
}
