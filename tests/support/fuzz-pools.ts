import fc from "fast-check";
import { newApiKey } from "~/server/keys/api-key-format.server";

/**
 * Objects that exist, from earlier answers. A case refers to them by position ("the 5th plan"), so that it is the same
 * for a seed, and is resolved when sent.
 */
const mark = "\uf8ff";
const pattern = new RegExp(`^${mark}([a-z]+):(\\d+)$`);

export type Pool = "tenant" | "plan" | "addon" | "feature" | "grant" | "seq" | "cursor" | "ticket" | "etag" | "value" | "file" | "fresh";

export const from = (pool: Pool): fc.Arbitrary<string> => fc.nat(9_999).map((n) => `${mark}${pool}:${n}`);

type Typed = { type: string; config?: { kind: string; options?: string[] } };
type Read = { [field: string]: unknown };

/** Max objects remembered per pool, the newest. */
const most = 40;

export type Pools = ReturnType<typeof createPools>;

export function createPools() {
  const lists = new Map<string, string[]>();
  const types = new Map<string, Typed>();
  const cursors = new Set<string>();
  let fresh = 0;

  function add(pool: string, ...items: string[]): void {
    const list = lists.get(pool) ?? [];
    lists.set(pool, list);
    for (const item of items) {
      if (list.includes(item)) continue;
      list.push(item);
      // The first ones stay, because tests begin with known objects.
      if (list.length > most) list.splice(5, 1);
    }
  }

  /** `place`: the route and its path, for values valid only there. */
  function look(pool: string, n: number, place: { operation: string; path: string }, feature?: string): unknown {
    if (pool === "fresh") return `fresh-${++fresh}`;
    if (pool === "value") return rightValue(types.get(feature ?? ""), n);
    const list = lists.get(pool === "cursor" ? `cursor ${place.operation}` : pool === "etag" ? `etag ${place.path}` : pool) ?? [];
    return list.length > 0 ? list[n % list.length] : pool === "etag" ? '"1"' : "none";
  }

  /** Resolves all references. */
  function filled(value: unknown, place: { operation: string; path: string }, feature?: string): unknown {
    if (typeof value === "string") {
      const [, pool, n] = pattern.exec(value) ?? [];
      return pool === undefined ? value : look(pool, Number(n), place, feature);
    }
    if (Array.isArray(value)) return value.map((item) => filled(item, place, feature));
    if (typeof value !== "object" || value === null) return value;
    const own = filled((value as Read).feature, place);
    const entries = Object.entries(value).map(([k, v]) => {
      const key = String(filled(k, place));
      return [key, key === "feature" ? own : filled(v, place, key === "value" ? String(own) : key)];
    });
    return Object.fromEntries(entries);
  }

  /** Remembers objects of a successful answer. */
  function learn(operation: string, path: string, etag: string | null, answered: unknown, text: string): void {
    if (etag !== null) {
      lists.set(`etag ${path}`, [etag]);
    }
    if (operation === "exportCatalogue") add("file", text);
    if (typeof answered !== "object" || answered === null) return;
    const told = answered as { items?: Read[]; next?: string; grants?: Read[]; eventStreams?: Read[] };
    const { items = [answered as Read], next, grants = [], eventStreams = [] } = told;
    if (typeof next === "string") {
      lists.set(`cursor ${operation}`, [next]);
      cursors.add(`${operation} ${next}`);
    }
    for (const item of items) {
      if (/tenant/i.test(operation) && typeof item.metadata === "object") add("tenant", String(item.key));
      if (/plan/i.test(operation) && item.kind) add(item.kind === "add_on" ? "addon" : "plan", String(item.key));
      if (/feature/i.test(operation) && item.type) {
        add("feature", String(item.key));
        types.set(String(item.key), item as Typed);
      }
      if (item.grant) add("grant", String((item.grant as Read).id));
      if (item.subjectKind) add("seq", String(item.seq));
    }
    for (const { id } of grants) add("grant", String(id));
    for (const { endpoint } of eventStreams) {
      const address = new URL(String((endpoint as Read).requestUri), "http://x");
      add("ticket", address.searchParams.get("ticket") ?? "");
    }
  }

  /** True if this operation returned it, and so must accept it. */
  const returnedBy = (operation: string, cursor: unknown) => cursors.has(`${operation} ${cursor}`);

  return { add, filled, learn, returnedBy };
}

/** A valid value of a feature. */
function rightValue(feature: Typed | undefined, n: number): unknown {
  if (feature?.type === "boolean") return true;
  if (feature?.type === "metered") return [n, "unlimited", 0, 2 ** 53 - 1][n % 4];
  const { kind, options = [] } = feature?.config ?? { kind: "json" };
  if (kind === "number") return n / 4 - 100;
  if (kind === "text") return options.length > 0 ? options[n % options.length] : `text ${n}`;
  return [{ a: n }, [n], "x", n, false][n % 5];
}

/** Cursors that were never returned: empty, truncated, and well-formed with other content. */
export const forgedCursors = [
  "",
  "x",
  "%",
  "bnVsbA",
  ...["[]", "{}", '["a"]', "[1,2]", '["\\u0000","b"]', "[1e400]"].map((text) => btoa(text)),
];

/** The pool of a name in the description, by path. */
export function poolsOf(path: string) {
  const key = path.startsWith("/ofrep") ? from("feature") : from("tenant");
  const byName: { [name: string]: fc.Arbitrary<unknown> } = {
    key,
    tenant: from("tenant"),
    targetingKey: from("tenant"),
    feature: from("feature"),
    features: from("feature"),
    "features key": from("feature"),
    "features value": from("value"),
    value: from("value"),
    plan: fc.oneof({ weight: 3, arbitrary: from("plan") }, { weight: 1, arbitrary: from("addon") }),
    includes: from("plan"),
    addOns: from("addon"),
    id: from("grant"),
    seq: from("seq"),
    cursor: fc.oneof({ weight: 4, arbitrary: from("cursor") }, { weight: 1, arbitrary: fc.constantFrom(...forgedCursors) }),
    ticket: from("ticket"),
    "If-Match": fc.oneof({ weight: 4, arbitrary: from("etag") }, { weight: 1, arbitrary: fc.constant("*") }),
    "If-None-Match": fc.oneof({ weight: 1, arbitrary: from("etag") }, { weight: 1, arbitrary: fc.constant("*") }),
    "Idempotency-Key": fc.oneof({ weight: 3, arbitrary: from("fresh") }, { weight: 1, arbitrary: fc.constantFrom("once", '"once more"') }),
    idempotencyKey: fc.oneof(from("fresh"), fc.constantFrom("a", "b")),
    user: fc.constantFrom("u1", "u2"),
    actor: fc.constantFrom("admin:ad_1", "cli:x"),
    subject: from("tenant"),
    search: fc.constantFrom("a", "s", ""),
    quantity: fc.constantFrom(1, 2, 5, -1, 0),
  };
  return (name: string) => byName[name];
}

export const unknownKey = () => newApiKey("live");
