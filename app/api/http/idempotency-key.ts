const bare = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]{1,255}$/;
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"$/;

/** A structured-field string ("…"), or plain, as many clients send it; otherwise null. */
export function readIdempotencyKey(header: string): string | null {
  const text = header.trim();
  const inside = quoted.exec(text)?.[1];
  if (inside !== undefined) return inside.replace(/\\(["\\])/g, "$1");
  return bare.test(text) ? text : null;
}
