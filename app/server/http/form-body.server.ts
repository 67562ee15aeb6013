import type { IncomingMessage } from "node:http";
import { checkUtf8 } from "~/forms/utf8";
import type { FormLimits } from "./form-limits.server";

/** Ends the stream of a refused body; `response` is the answer. */
export class FormRefused extends Error {
  constructor(
    readonly status: 400 | 413 | 415,
    readonly sentence: string,
  ) {
    super(sentence);
  }
  get response(): Response {
    return new Response(this.sentence, { status: this.status });
  }
}

const kept = "Nothing was changed. Go back: what you typed is still there.";
const ampersand = "&".charCodeAt(0);
const charset = /; *charset *= *"?(?!utf-?8\b)/i;
const urlencoded = /^application\/x-www-form-urlencoded *(;|$)/i;

function sizeInWords(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.floor(bytes / 1024 / 1024)} MB` : `${Math.floor(bytes / 1024)} kB`;
}

/**
 * A form's body as a stream that ends with a FormRefused at the first byte or field beyond the limits. It is read only
 * when an action asks for it, after the action knows who is asking. Fields are counted before anything is built from
 * them; import-upload.server.ts counts the parts of multipart bodies.
 */
export function limitedBody(request: IncomingMessage, limits: FormLimits): ReadableStream<Uint8Array> {
  const chunks = limitedChunks(request, limits);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

async function* limitedChunks(request: IncomingMessage, { maxBytes, maxFields }: FormLimits): AsyncGenerator<Uint8Array, undefined> {
  const tooLarge = () => new FormRefused(413, `This form takes up to ${sizeInWords(maxBytes)}. ${kept}`);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
  const type = request.headers["content-type"] ?? "";
  if (charset.test(type)) throw new FormRefused(415, `This form is not in UTF-8. ${kept}`);
  const isCounted = urlencoded.test(type);
  // Parts are checked by import-upload.server.ts: a file that is not UTF-8 is named by its own lines.
  const text = checkUtf8({ isEscaped: true });
  let bytes = 0;
  let fields = 1;
  // The connection stays open for the answer even if the body is refused.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    if (isCounted) {
      for (let at = chunk.indexOf(ampersand); at !== -1; at = chunk.indexOf(ampersand, at + 1)) {
        if (++fields > maxFields) throw new FormRefused(400, `This form cannot be read. It takes up to ${maxFields} fields. ${kept}`);
      }
    }
    const invalidAt = isCounted ? text.take(chunk) : null;
    if (invalidAt !== null) throw notUtf8(invalidAt);
    yield chunk;
  }
  const cutOffAt = text.end();
  if (cutOffAt !== null) throw notUtf8(cutOffAt);
}

export const notUtf8 = (at: number) => new FormRefused(400, `This form is not UTF-8 text at byte ${at}. ${kept}`);

/**
 * Reads a form's fields. Only the import accepts more than one body type. Throws the response for a form that is
 * refused.
 */
export async function readFields(request: Request): Promise<FormData> {
  if (request.body && !urlencoded.test(request.headers.get("content-type") ?? "")) throw unreadable();
  try {
    return await request.formData();
  } catch (error) {
    throw error instanceof FormRefused ? error.response : unreadable();
  }
}

export const unreadable = () =>
  new Response("This form cannot be read. Go back and send it again.", { status: 400, statusText: "Bad Request" });
