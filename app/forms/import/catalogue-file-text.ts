import type { z } from "zod";
import {
  type CatalogueFile,
  type FileFeature,
  type FilePlan,
  type FileProblem,
  type FileTenant,
  fileProblems,
} from "~/core/catalogue/catalogue-file";
import type { PlanKind } from "~/core/model";
import { findJsonProblem } from "~/forms/json-text";
import { wholeFile } from "./catalogue-file-schema";
import { wordsFor } from "./file-schema";
import { readJsonMaps } from "./json-with-maps";
import { type LinedYaml, type LineProblem, readLinedYaml } from "./yaml-with-lines";

/** Max bytes of a file. Parsing a larger one would delay other requests by seconds. */
export const maxFileBytes = 5 * 1024 * 1024;
/** Advice that works: a file with only `tenants` leaves the catalogue unchanged. */
export const tooLarge = "is larger than 5 MB: move tenants into files of their own, each with latchkey and tenants only";
const maxProblems = 20;

/** `line` is null if the problem has no line. `more` counts problems not listed. `needsApproval`: the file is good, but one person may not import it. */
export type BadFile = {
  ok: false;
  name: string;
  problems: (LineProblem | { line: null; message: string })[];
  more: number;
  needsApproval?: true;
};
export type ReadFile = {
  ok: true;
  name: string;
  file: CatalogueFile /** Finds lines. */;
  refuse: (problems: FileProblem[]) => BadFile;
};

/** Parses a whole catalogue file, or returns all its problems. `name` is the file name in messages. */
export function readCatalogueFile(name: string, text: string): ReadFile | BadFile {
  const bad = (problems: LineProblem[]): BadFile => {
    const told = [...problems].sort((a, b) => a.line - b.line).slice(0, maxProblems);
    return { ok: false, name, problems: told, more: problems.length - told.length };
  };
  if (new TextEncoder().encode(text).length > maxFileBytes) return bad([{ line: 1, message: tooLarge }]);
  const read = readTree(text);
  if (!read.ok) return bad(read.isSyntax && name.endsWith(".json") ? jsonProblems(text, read.problems) : read.problems);
  const refuse = (problems: FileProblem[]) =>
    bad(problems.map(({ path, message }) => ({ line: read.lineOf(path), message: inContext(path, message) })));

  const parsed = wholeFile.safeParse(read.tree, { error: wordsFor });
  if (!parsed.success) return refuse([...missingParts(read.tree), ...parsed.error.issues.flatMap((issue) => issueProblems(issue))]);
  const { file, problems } = assemble(parsed.data);
  const wrong = [...missingParts(read.tree), ...problems, ...fileProblems(file)];
  return wrong.length > 0 ? refuse(wrong) : { ok: true, name, file, refuse };
}

/** The lines of a JSON file are found when something in it is refused. */
function readTree(text: string): LinedYaml {
  const tree = readJsonMaps(text);
  if (!tree) return readLinedYaml(text);
  let lined: LinedYaml | undefined;
  const lineOf = (path: PropertyKey[]) => {
    lined ??= readLinedYaml(text);
    return lined.ok ? lined.lineOf(path) : 1;
  };
  return { ok: true, tree, lineOf };
}

/**
 * Describes broken JSON in JSON's terms. JSON files are read as YAML, which accepts trailing commas, and whose messages
 * name rules that JSON does not have.
 */
function jsonProblems(text: string, problems: LineProblem[]): LineProblem[] {
  const found = findJsonProblem(text, { allowTrailingComma: true });
  return found ? [{ line: found.line, message: `cannot be read: column ${found.column}: ${found.message}` }] : problems;
}

/** A file with tenants may omit features and plans, but only both. */
function missingParts(tree: unknown): FileProblem[] {
  if (!(tree instanceof Map)) return [];
  const isTenantsOnly = tree.has("tenants") && !["features", "plans", "addOns"].some((part) => tree.has(part));
  const missing = isTenantsOnly ? [] : ["features", "plans"].filter((part) => !tree.has(part));
  return missing.map((part) => ({ path: [part], message: "is missing: it has to be a map (key: value)" }));
}

/** Issues of a map's keys and values are nested in one issue. */
function issueProblems(issue: z.core.$ZodIssue, under: PropertyKey[] = []): FileProblem[] {
  const path = [...under, ...issue.path];
  if (issue.code === "invalid_key" || issue.code === "invalid_element") {
    const inner = issue.code === "invalid_element" ? [...path, issue.key as PropertyKey] : path;
    return issue.issues.flatMap((i) => issueProblems(i, inner));
  }
  const paths = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
  const plain = (step: PropertyKey) => (typeof step === "number" ? step : String(step));
  return paths.map((p) => ({ path: p.map(plain), message: issue.message }));
}

/** Formats "plans.free.features #3: has to be …" for messages about a field. */
function inContext(path: FileProblem["path"], message: string): string {
  const place = path.map((step) => (typeof step === "number" ? ` #${step + 1}` : `.${step}`)).join("");
  return path.length === 0 ? message : `${place.slice(1)}: ${message}`;
}

type Parsed = z.infer<typeof wholeFile>;

function assemble(data: Parsed): { file: CatalogueFile; problems: FileProblem[] } {
  const problems: FileProblem[] = [];
  const isTenantsOnly = !data.features && !data.plans && !data.addOns && (data.tenants?.size ?? 0) > 0;
  const features = new Map<string, FileFeature>();
  for (const [key, f] of data.features ?? []) features.set(key, { ...f, name: f.name || key });
  const plans = new Map<string, FilePlan>();
  // An omitted rank follows the previous one: plans in file order, then add-ons.
  let last = 0;
  const take = (kind: PlanKind, from: NonNullable<Parsed["plans"]>) => {
    for (const [key, { name, description, rank, includes, features, archived }] of from) {
      if (plans.has(key)) problems.push({ path: ["addOns", key], message: "is the key of a plan already: choose another" });
      last = rank ?? last + 1;
      const common = { kind, name: name ?? key, description: description ?? null, rank: last };
      plans.set(key, { ...common, includes: includes ?? null, entries: features, archived });
    }
  };
  take("base", data.plans ?? new Map());
  take("add_on", data.addOns ?? new Map());
  const tenants = new Map<string, FileTenant>();
  for (const [key, { grants, ...fields }] of data.tenants ?? []) {
    const given = Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined));
    tenants.set(key, { ...given, grants: grants ?? [] });
  }
  return { file: { features, plans, tenants, ...(isTenantsOnly ? { isTenantsOnly } : {}) }, problems };
}

/** "gitlab.yaml:12: …", one line per problem. */
export function problemLines({ name, problems, more }: BadFile): string[] {
  const lines = problems.map(({ line, message }) => (line === null ? `${name}: ${message}` : `${name}:${line}: ${message}`));
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}
