type Limits = { maxBytes: number; maxValues: number | null };
type Fields = { [name: string]: unknown };

const filled = (piece: string, length: number) => piece.repeat(Math.max(0, Math.floor(length / piece.length)));
const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1]));
/** Text of JSON that JavaScript would not write, put in place of a mark. */
const withRaw = (fields: Fields, name: string, raw: string) =>
  JSON.stringify({ ...fields, [name]: "@@raw@@" }).replace('"@@raw@@"', () => raw);

/** Bodies of JSON that use up the limits of a route, each field of a right one in turn, and some beyond the limits. */
export function hostileBodies(right: Fields, fields: readonly string[], { maxBytes, maxValues }: Limits): [what: string, body: string][] {
  const room = maxBytes - JSON.stringify(right).length - 200;
  const values = (maxValues ?? 10_000) - 50;
  const list = (item: string, each: number) =>
    `[${Array(Math.max(1, Math.min(Math.floor(values / each), Math.floor(room / (item.length + 1))))).fill(item)}]`;
  const listed = (name: string) => {
    const [first] = [right[name]].flat();
    return typeof first === "object" && first !== null ? JSON.stringify({ ...first, ...names(5) }) : "{}";
  };
  const ofField = (name: string): [string, string][] =>
    [
      ["names", JSON.stringify(names(Math.min(values >> 1, room >> 4)))],
      ["ones", list("1", 1)],
      ["empty lists", list("[]", 2)],
      ["objects of unknown names", list(JSON.stringify(names(20)), 41)],
      ["entries with unknown names", list(listed(name), 2 * (Object.keys(JSON.parse(listed(name))).length + 1))],
      ["texts", list(JSON.stringify("x".repeat(200)), 1)],
      ["text", `"${filled("x", room)}"`],
      ["spaces", `"x${filled(" ", room - 2)}x"`],
      ["escapes", `"${filled("\\u0001", room)}"`],
      ["digits", `1${filled("0", room - 2)}1`],
    ].map(([what, raw]) => [`${name}: ${what}`, withRaw(right, name, raw as string)]);
  return [
    ["80,000 names", JSON.stringify(names(80_000))],
    ["a megabyte of brackets", "[".repeat(1_000_000)],
    ["unknown names", JSON.stringify({ ...right, ...names(Math.min(values >> 1, room >> 4)) })],
    ["numbers", list("1e300", 1)],
    ["long numbers", list("12345678901234567890123", 1)],
    ["8 MB", "x".repeat(8_000_000)],
    ...["unknown", ...fields].flatMap(ofField),
  ];
}

/** Addresses' queries, and headers, that use up the 16 kB that they have together. */
export function hostileQueries(known: readonly string[]): string[] {
  const size = 14_000;
  const different = (name: string) => Array.from({ length: Math.floor(size / (name.length + 6)) }, (_, i) => `${name}=f${i}`).join("&");
  const common = ["a&", "a=1&", "&", "=&", "%41=%41&", "a[b]=1&", "index&", "__proto__=1&"].map((piece) => filled(piece, size));
  const ofName = (name: string) => [
    `${name}=${filled("x", size)}`,
    filled(`${name}=1&`, size),
    different(name),
    `${name}=${filled("%20", size)}`,
    `${name}=${filled("9", size)}`,
  ];
  return [...common, ...known.flatMap(ofName)].map((query) => `?${query}`);
}

export function hostileHeaders(): Record<string, string>[] {
  const size = 14_000;
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-h${i}`, "1"]));
  const long = [
    "user-agent",
    "accept",
    "accept-language",
    "accept-encoding",
    "x-forwarded-for",
    "referer",
    "range",
    "x-posthog-distinct-id",
    "traceparent",
  ];
  return [
    many,
    ...["a=b; ", "theme=dark; ", "=; ", ";", 'a="b; '].map((piece) => ({ cookie: filled(piece, size) })),
    ...['"a", ', "W/", '"', ",", " ,"].map((piece) => ({ "if-none-match": filled(piece, size) })),
    ...['"a", ', '"', " ", "W/"].map((piece) => ({ "if-match": `${filled(piece, size)}x` })),
    ...long.flatMap((name) => ["a,", "1.1.1.1, ", "x", "(;"].map((piece) => ({ [name]: filled(piece, size) }))),
  ];
}
