import { Readable } from "node:stream";
import { type ListFile, type ListFormat, listFileText } from "~/core/list-file";
import { actorOf, type SignedIn } from "~/server/admins/sessions.server";
import { type ExportedList, recordExport } from "~/server/audit/exports.server";
import type { Services } from "~/server/services.server";

const types = { csv: "text/csv; charset=utf-8", json: "application/json; charset=utf-8" };

/** CSV, unless the address ends with .json or asks for JSON. */
export function formatOf(request: Request): ListFormat {
  const { pathname, searchParams } = new URL(request.url);
  return pathname.endsWith(".json") || searchParams.get("format") === "json" ? "json" : "csv";
}

type Export = { list: ExportedList; tenant?: string /** Of the file, without its ending. */; name: string };

/** A list as a download, whose rows are read while they are sent. The export is in the audit log. */
export async function sendList(services: Services, request: Request, admin: SignedIn, file: ListFile, about: Export): Promise<Response> {
  const format = formatOf(request);
  const parts = Readable.toWeb(Readable.from(listFileText(file, format))) as ReadableStream;
  return sendFile(services, request, admin, parts, { ...about, format });
}

/** The same for a file that is not one list. */
export async function sendFile(
  services: Services,
  request: Request,
  admin: SignedIn,
  text: string | ReadableStream,
  { format, name, list, tenant }: Export & { format: ListFormat },
): Promise<Response> {
  const filter = new URL(request.url).searchParams;
  if (format === "json") filter.set("format", format);
  await recordExport(services, actorOf(admin), { list, tenant, filter });
  return new Response(text, {
    headers: { "Content-Type": types[format], "Content-Disposition": `attachment; filename="${name}.${format}"` },
  });
}
