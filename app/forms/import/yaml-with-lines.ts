import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, Parser, type Scalar } from "yaml";
import { isExactNumber } from "~/forms/exact-json";
import { unstorable } from "~/forms/storable";

/** Keeps maps as `Map`: an object would lose `__proto__` and reorder "10". */
export type Tree = null | boolean | number | string | Tree[] | Map<string, Tree>;
export type LineProblem = { line: number; message: string };

export type LinedYaml =
  | { ok: true; tree: Tree /** The line of the deepest existing part of the path. */; lineOf: (path: PropertyKey[]) => number }
  | { ok: false; problems: LineProblem[] /** The text is not YAML at all. */; isSyntax?: true };

/** A catalogue file is about eight levels deep; thousands would exhaust the stack. */
export const maxDepth = 100;
/**
 * Max YAML tokens (words, punctuation, whitespace). Parsing takes 300 bytes per token; 80,000 tenants with name and
 * plan have 1,800,000.
 */
const maxLexemes = 2_500_000;
const tooManyParts = "has too many names and values up to here: move tenants into files of their own, each with latchkey and tenants only";
const maxErrors = 100;

const plainer: { [code: string]: string } = {
  TAB_AS_INDENT: "tabs cannot indent: use spaces",
  NON_STRING_KEY: "a key has to be text",
};

/** Parses YAML, including JSON. Anchors, aliases and tags are refused, so a file means what it shows. */
export function readLinedYaml(text: string): LinedYaml {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  let stopped: LineProblem | null = null;

  function* tokens() {
    const parser = new Parser(lines.addNewLine);
    let lexemes = 0;
    let errors = 0;
    for (const lexeme of new Lexer().lex(text)) {
      for (const token of parser.next(lexeme)) {
        if (token.type === "error") errors += 1;
        yield token;
      }
      if (parser.stack.length > maxDepth) stopped = { line: lineAt(parser.offset), message: `is nested more than ${maxDepth} deep` };
      else if (++lexemes > maxLexemes) stopped = { line: lineAt(parser.offset), message: tooManyParts };
      if (stopped) return;
      // More of them would not help, and each one takes longer than the one before.
      if (errors > maxErrors) break;
    }
    yield* parser.end();
  }
  // The library compares each pair of keys, which takes minutes for long maps; `walk` finds duplicates instead.
  const options = { stringKeys: true, prettyErrors: false, uniqueKeys: false } as const;
  const [document, second] = [...new Composer(options).compose(tokens(), true, text.length)];
  const fail = (line: number, message: string): LinedYaml => ({ ok: false, problems: [{ line, message }] });
  if (stopped) return { ok: false, problems: [stopped] };
  if (!document?.contents) return fail(1, "is empty");
  if (second) return fail(lineAt(second.range[0]), "a second document begins here: take out the --- and what follows it");

  const problems: LineProblem[] = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    line: lineAt(pos[0]),
    message: plainer[code] ?? `cannot be read: ${message}`,
  }));
  if (problems.length > 0) return { ok: false, problems, isSyntax: true };
  const root = document.contents as Node | null;
  const tree = walk(root, (node, message) => problems.push({ line: lineAt(startOf(node)), message }));
  if (problems.length > 0) return { ok: false, problems };
  const find = createFinder(root);
  return { ok: true, tree, lineOf: (path) => lineAt(find(path)) };
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
      const name = nameOf(key);
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
      // -0 would be read back from JSON as 0 and look like a change.
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

/**
 * Finds the line of a part of the file. Paths lead through maps by key, and through lists by index or by the item's
 * text. Maps and lists are indexed on first use, because every line of a long one may have a problem: the library's
 * getIn compares keys one by one, which takes 4 s for 20,000 tenants.
 */
function createFinder(root: unknown): (path: PropertyKey[]) => number {
  type Place = { at: number; node: unknown };
  const indexes = new Map<unknown, Map<string, Place>>();

  function indexOf(node: unknown): Map<string, Place> {
    const known = indexes.get(node);
    if (known) return known;
    const index = new Map<string, Place>();
    const add = (name: string, place: Place) => void (index.has(name) || index.set(name, place));
    if (isMap(node)) for (const { key, value } of node.items) add(nameOf(key), { at: startOf(key), node: value });
    if (isSeq(node)) {
      for (const item of node.items)
        if (isScalar(item) && typeof item.value === "string") add(item.value, { at: startOf(item), node: item });
    }
    indexes.set(node, index);
    return index;
  }

  return (path) => {
    let place: Place = { at: startOf(root), node: root };
    for (const step of path) {
      const { node } = place;
      const item = isSeq(node) && typeof step === "number" ? node.items[step] : null;
      const found = item ? { at: startOf(item), node: item } : item === null ? indexOf(node).get(String(step)) : undefined;
      if (!found) break;
      place = found;
    }
    return place.at;
  };
}

const nameOf = (key: unknown) => String(isScalar(key) ? key.value : key);
