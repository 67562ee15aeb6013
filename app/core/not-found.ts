/** The body of a 404 for people. `near`: what the reader may have meant. */
export type NotFoundData = { sentence: string; near: { to: string; name: string; key: string }[] };

export const isNotFoundData = (data: unknown): data is NotFoundData =>
  typeof data === "object" && data !== null && "sentence" in data && "near" in data;
