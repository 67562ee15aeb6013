/** In bytes. Small, because a message is received between two requests, and Node joins larger ones again and again. */
const maxPartBytes = 64 * 1024;

/** A text as UTF-8, in parts that are sent from the worker process one by one. */
export function partsOf(text: string): Uint8Array[] {
  const bytes = Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += maxPartBytes) parts.push(bytes.subarray(from, from + maxPartBytes));
  return parts;
}
