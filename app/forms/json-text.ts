import type { Json } from "~/core/model";
import { parseExactJson } from "./exact-json";
import { unfit } from "./storable";

export type ReadJson = { ok: true; value: Json } | { ok: false; message: string };

/** Parses typed JSON. Errors name the line, which engines report differently or not at all. */
export function readJson(text: string): ReadJson {
  try {
    const value = parseExactJson(text) as Json;
    const fault = unfit(value);
    if (!fault) return { ok: true, value };
    const { path, message } = fault;
    return { ok: false, message: path.length > 0 ? `${path.map(String).join(".")}: ${message}` : message };
  } catch {
    const { at, message } = firstProblem(text);
    const before = text.slice(0, at).split("\n");
    return { ok: false, message: `Line ${before.length}, column ${(before.at(-1) ?? "").length + 1}: ${message}.` };
  }
}

const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const plain = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

type Problem = { at: number; message: string };

/** The first position that is not valid JSON. */
function firstProblem(text: string): Problem {
  let at = 0;
  const open: ("{" | "[")[] = [];
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found?.[0].length ?? 0;
    return found !== null;
  };
  const next = () => {
    take(space);
    return text[at];
  };
  const problem = (expected: string): Problem => {
    const found = text[at] === undefined ? "the text ends" : `there is ${text[at]}`;
    return { at, message: `${found} where ${expected} should be` };
  };
  const pairBegins = (): Problem | null => {
    next();
    if (!take(string)) return problem('a name in "double quotes"');
    if (next() !== ":") return problem("a colon");
    at += 1;
    return null;
  };

  for (;;) {
    const sign = next();
    if (sign === "{" || sign === "[") {
      at += 1;
      const close = sign === "{" ? "}" : "]";
      if (next() !== close) {
        open.push(sign);
        const bad = sign === "{" ? pairBegins() : null;
        if (bad) return bad;
        continue;
      }
      at += 1;
    } else if (sign === '"' ? !take(string) : !take(plain)) {
      return sign === '"' ? { at, message: "this text is not closed, or holds a line break or a wrong \\ sequence" } : problem("a value");
    }
    // A value has ended: what closes, and what comes next?
    for (;;) {
      const inside = open.at(-1);
      const after = next();
      if (inside === undefined) return after === undefined ? { at, message: "this is not JSON" } : problem("the end");
      at += 1;
      if (after === (inside === "{" ? "}" : "]")) {
        open.pop();
        continue;
      }
      if (after === ",") break;
      at -= 1;
      return problem(inside === "{" ? "a comma or }" : "a comma or ]");
    }
    const bad = open.at(-1) === "{" ? pairBegins() : null;
    if (bad) return bad;
  }
}
