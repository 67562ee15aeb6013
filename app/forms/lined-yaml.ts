import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, Parser, type Scalar } from "yaml";
import { isExactNumber } from "./exact-json";
import { unstorable } from "./storable";

/** Keeps maps as `Map`s: `__proto__` would vanish from an object, and "10" would move to its front. */
export type Tree = null | boolean | number | string | Tree[] | Map<string, Tree>;
export type LineProblem = { line: number; message: string };

export type LinedYaml =
  | { ok: true; tree: Tree /** The line of the deepest part of the path that the file has. */; lineOf: (path: PropertyKey[]) => number }
  | { ok: false; problems: LineProblem[] };

/** A catalogue file is about eight deep; thousands would exhaust the stack of whoever walks it. */
const deepest = 100;

const plainer: { [code: string]: string } = {
  TAB_AS_INDENT: "tabs cannot indent: use spaces",
  NON_STRING_KEY: "a key has to be text",
};

/** Reads YAML, of which JSON is a part. Anchors, aliases and tags are refused: written out, a file is what it looks like. */
export function readLinedYaml(text: string): LinedYaml {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  let tooDeep: number | null = null;

  function* tokens() {
    const parser = new Parser(lines.addNewLine);
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length <= deepest) continue;
      tooDeep = lineAt(parser.offset);
      return;
    }
    yield* parser.end();
  }
  // The library compares each key with each other one, which takes minutes for a long map: `walk` looks for doubles instead.
  const options = { stringKeys: true, prettyErrors: false, uniqueKeys: false } as const;
  const [document, second] = [...new Composer(options).compose(tokens(), true, text.length)];
  const fail = (line: number, message: string): LinedYaml => ({ ok: false, problems: [{ line, message }] });
  if (tooDeep !== null) return fail(tooDeep, `is nested more than ${deepest} deep`);
  if (!document?.contents) return fail(1, "is empty");
  if (second) return fail(lineAt(second.range[0]), "a second document begins here: take out the --- and what follows it");

  const problems: LineProblem[] = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    line: lineAt(pos[0]),
    message: plainer[code] ?? `cannot be read: ${message}`,
  }));
  const root = document.contents as Node | null;
  const tree = problems.length === 0 ? walk(root, (node, message) => problems.push({ line: lineAt(startOf(node)), message })) : null;
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, tree, lineOf: (path) => lineAt(find(root, path)) };
}

const startOf = (node: unknown) => (node as Node | null)?.range?.[0] ?? 0;

function walk(node: unknown, say: (node: unknown, message: string) => void): Tree {
  if (isAlias(node) || (node as { anchor?: string } | null)?.anchor) {
    say(node, "anchors and aliases (& and *) are not read: write the value out");
  }
  if ((node as Node | null)?.tag) say(node, "tags (!) are not read: write a plain value");
  if (isMap(node)) {
    const map = new Map<string, Tree>();
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      if (map.has(name)) say(key, `${name} stands twice in the same map: keep one`);
      if (unstorable.test(name)) say(key, "holds a character that cannot be stored (NUL or half of a pair)");
      map.set(name, walk(value, say));
    }
    return map;
  }
  if (isSeq(node)) return node.items.map((item) => walk(item, say));
  return isScalar(node) ? scalar(node, (message) => say(node, message)) : null;
}

/** A number in another base is small enough if it is a safe integer. */
const isExact = (source: string, value: number) => (/^[-+]?0[ox]/.test(source) ? Number.isSafeInteger(value) : isExactNumber(source));

function scalar({ value, source = "" }: Scalar, say: (message: string) => void): Tree {
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) say("is not a number that can be stored");
      else if (!isExact(source, value))
        say(`has more digits than can be stored: it would become ${value}. Put quotes around it to keep it as text`);
      // -0 would come back from JSON as 0, and look like a change.
      return value === 0 ? 0 : value;
    case "string":
      if (unstorable.test(value)) say("holds a character that cannot be stored (NUL or half of a pair)");
      return value;
    case "boolean":
      return value;
    default:
      if (value !== null && value !== undefined) say("is not a value that can be stored: write text, a number, true, false or null");
      return null;
  }
}

/** A path leads through maps by key, and through lists by position or by the text that stands in them. */
function find(root: unknown, path: PropertyKey[]): number {
  let node = root;
  let at = startOf(root);
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
      if (!pair) break;
      at = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(node)) {
      const item = typeof step === "number" ? node.items[step] : node.items.find((i) => isScalar(i) && i.value === step);
      if (!item) break;
      at = startOf(item);
      node = item;
    } else break;
  }
  return at;
}
