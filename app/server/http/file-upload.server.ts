import { pipeline, Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { Busboy } from "@fastify/busboy";
import { FormRefused, unreadable } from "./form-body.server";

const limits = { parts: 4, fields: 4, files: 1, fieldNameSize: 100, fieldSize: 1024 * 1024, headerPairs: 10, headerSize: 2_048 };

/** Name of text without a file. */
const pasted = "Pasted text";

async function* inChunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/**
 * Hands over the one file of a form as it arrives, so that no file is held in memory, or else its field `text`. Null if
 * the form has neither. Throws a response for an invalid body.
 */
export async function readFileUpload<T>(
  request: Request,
  take: (name: string, file: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T | null> {
  const type = request.headers.get("content-type") ?? "";
  if (!request.body || !/^(multipart\/form-data|application\/x-www-form-urlencoded) *(;|$)/i.test(type)) throw unreadable();
  const body = Readable.fromWeb(request.body as NodeReadableStream);
  let taken: Promise<T> | null = null;
  let text = "";
  let opened: Readable | undefined;
  const read = new Promise<void>((resolve, reject) => {
    const parser = new Busboy({ headers: { "content-type": type }, limits });
    parser.on("field", (field, value) => {
      if (field === "text") text = value;
    });
    parser.on("file", (field, file, fileName) => {
      // A form without a chosen file has a part without a name.
      if (field !== "file" || !fileName || taken) return void file.resume();
      opened = file;
      taken = take(fileName, file.iterator({ destroyOnReturn: false })).finally(() => file.resume());
      // It is awaited below, after the body.
      taken.catch(() => {});
    });
    pipeline(body, parser, (error) => {
      if (!error) return resolve();
      // Its reader would wait for ever.
      opened?.destroy(error);
      reject(error);
    });
  });
  try {
    await read;
    return taken === null && text.trim() !== "" ? await take(pasted, inChunks(text)) : await taken;
  } catch (error) {
    await (taken as Promise<T> | null)?.catch(() => {});
    if (error instanceof FormRefused) throw error.response;
    throw error;
  }
}
