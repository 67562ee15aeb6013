import { pipeline, Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { Busboy, type BusboyConfig } from "@fastify/busboy";
import { checkUtf8 } from "~/forms/utf8";
import { FormRefused, notUtf8, unreadable } from "./form-body.server";
import { formLimits, maxFormBytes } from "./form-limits.server";

const maxParts = formLimits["routes/_app.import.preview"]?.maxFields ?? 1;
const limits: BusboyConfig["limits"] = {
  parts: maxParts,
  fields: maxParts,
  files: 1,
  fieldNameSize: 100,
  fieldSize: maxFormBytes,
  fileSize: maxFormBytes,
  headerPairs: 10,
  headerSize: 2_048,
};

/** Parses the import form in chunks, so that megabytes never block the event loop. Throws a response for an invalid body. */
export async function readUpload(request: Request): Promise<FormData> {
  const type = request.headers.get("content-type") ?? "";
  if (!request.body || !/^(multipart\/form-data|application\/x-www-form-urlencoded) *(;|$)/i.test(type)) throw unreadable();
  try {
    return await readParts(Readable.fromWeb(request.body as NodeReadableStream), type);
  } catch (error) {
    throw error instanceof FormRefused ? error.response : unreadable();
  }
}

function readParts(body: Readable, type: string): Promise<FormData> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    const parser = new Busboy({ headers: { "content-type": type }, limits });
    const text = checkUtf8();
    let invalidAt: number | null = null;
    body.on("data", (chunk: Uint8Array) => {
      invalidAt ??= text.take(chunk);
    });
    const refuse = () => parser.destroy(new FormRefused(400, `This form has up to ${maxParts} parts. Choose the file again.`));
    parser.on("field", (name, value) => form.append(name, value));
    parser.on("file", (name, file, fileName) => {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      file.on("data", (chunk: Uint8Array<ArrayBuffer>) => chunks.push(chunk));
      file.on("end", () => form.append(name, new File(chunks, fileName ?? "")));
    });
    for (const limit of ["partsLimit", "fieldsLimit", "filesLimit"] as const) parser.on(limit, refuse);
    pipeline(body, parser, (error) => {
      if (error) return reject(error);
      invalidAt ??= text.end();
      // The reader reports a file that is not UTF-8 with its lines; other text is not read.
      const hasFile = form.getAll("file").some((file) => typeof file !== "string" && file.size > 0);
      if (invalidAt !== null && !hasFile) reject(notUtf8(invalidAt));
      else resolve(form);
    });
  });
}
