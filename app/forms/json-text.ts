import { type JSONVisitor, printParseErrorCode, visit } from "jsonc-parser";
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
    const found = findJsonProblem(text);
    return { ok: false, message: found ? `Line ${found.line}, column ${found.column}: ${found.message}.` : "This is not JSON." };
  }
}

/** Line and column count from 1. */
export type JsonProblem = { line: number; column: number; message: string };

/** The parser is recursive: deeper text would exhaust the stack. */
const maxDepth = 500;

/** What the parser expected, by its name of the error. CommaExpected depends on the open bracket. */
const expected: { [code: string]: string } = {
  ValueExpected: "a value",
  PropertyNameExpected: 'a name in "double quotes"',
  ColonExpected: "a colon",
  CloseBraceExpected: "a comma or }",
  CloseBracketExpected: "a comma or ]",
  EndOfFileExpected: "the end",
};
const wrongText = "this text is not closed, or holds a line break or a wrong \\ sequence";
const descriptions: { [code: string]: string } = {
  UnexpectedEndOfNumber: "this number is not complete",
  InvalidCommentToken: "comments are not allowed",
  UnexpectedEndOfString: wrongText,
  InvalidCharacter: wrongText,
  InvalidEscapeCharacter: wrongText,
  InvalidUnicode: wrongText,
};

/** Looks like a space or is invisible, but separates no values in JSON. It may follow a literal in the same token. */
const falseSpace = /^(true|false|null)?([^\S \t\r\n]|\p{Cf}|\p{Cc})/u;

/** Describes text that is no JSON token, with the offset of the fault in it. */
function describeSymbol(symbol: string): { at: number; message: string } {
  const [, literal = "", space] = falseSpace.exec(symbol) ?? [];
  if (space !== undefined) {
    const code = (space.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
    return { at: literal.length, message: `the character U+${code} is not allowed here: use a space or a line break` };
  }
  if (/^[-+.\d]/.test(symbol)) return { at: 0, message: "this is not a JSON number: write it like 1, -1 or 0.5" };
  const isText = /^[\p{L}\p{N}_$'`\\]/u.test(symbol);
  const message = isText
    ? 'this is not a JSON value: put text and names in "double quotes"'
    : `${String.fromCodePoint(symbol.codePointAt(0) as number)} is not allowed here`;
  return { at: 0, message };
}

/** Thrown to end the parser at the first problem. */
class Found extends Error {
  constructor(readonly problem: JsonProblem) {
    super(problem.message);
  }
}

/** Finds the first position that is not strict JSON, or null. */
export function findJsonProblem(text: string, { allowTrailingComma = false } = {}): JsonProblem | null {
  const stop = (line: number, column: number, message: string) => {
    throw new Found({ line: line + 1, column: column + 1, message });
  };
  const closers: ("}" | "]")[] = [];
  const begin = (closer: "}" | "]") => (_offset: number, _length: number, line: number, column: number) => {
    if (closers.push(closer) > maxDepth) stop(line, column, `this is nested more than ${maxDepth} deep`);
  };
  const visitor: JSONVisitor = {
    onObjectBegin: begin("}"),
    onArrayBegin: begin("]"),
    onObjectEnd: () => void closers.pop(),
    onArrayEnd: () => void closers.pop(),
    onError(error, offset, length, line, column) {
      const code = printParseErrorCode(error);
      if (code === "InvalidSymbol") {
        const { at, message } = describeSymbol(text.slice(offset, offset + length));
        stop(line, column + at, message);
      }
      const found = text[offset] === undefined ? "the text ends" : `there is ${text[offset]}`;
      const closer = closers.at(-1);
      const wanted = expected[code] ?? (closer === undefined ? "the end" : `a comma or ${closer}`);
      stop(line, column, descriptions[code] ?? `${found} where ${wanted} should be`);
    },
  };
  try {
    visit(text, visitor, { disallowComments: true, allowTrailingComma });
  } catch (error) {
    if (error instanceof Found) return error.problem;
    throw error;
  }
  return null;
}
