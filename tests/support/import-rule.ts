import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Allowed imports between rooms. A room that is not listed does not exist. */
const mayImport: Record<string, string[]> = {
  core: ["core"],
  forms: ["core", "forms"],
  ui: ["core", "forms", "ui", "paths"],
  paths: ["core", "paths"],
  db: ["core", "db"],
  server: ["core", "forms", "paths", "db", "server"],
  api: ["core", "forms", "server", "api"],
  cli: ["core", "forms", "server", "cli"],
  routes: ["core", "forms", "ui", "paths", "server", "routes"],
  client: ["client"],
  scripts: ["scripts"],
};
/** The composition root. */
const alsoMayImport: Record<string, string[]> = {
  "app/server/app.server.ts": ["api"],
  // The installation's own configuration is at the root.
  "app/server/posthog/events/hooks.server.ts": ["posthog.config"],
};
const roomsOfServer = ["db", "server", "api", "cli"];
const impureInCore = /^(Date\.now|Math\.random|performance\.now|crypto\.\w+|globalThis\.\w+)$/;
const impureCalls = ["fetch", "setTimeout", "setInterval", "queueMicrotask"];

export function roomOf(file: string): string | undefined {
  const [top, second = ""] = file.split("/");
  if (top !== "app") return top;
  if (/^paths(\.tsx?)?$/.test(second)) return "paths";
  // Files directly in app/ (root, entries) are Remix's, like routes.
  return file.split("/").length === 2 ? "routes" : second;
}

/** The imported project file from the root, without extension; undefined for packages. */
function targetOf(file: string, specifier: string) {
  const bare = specifier.replace(/\?.*$/, "");
  if (bare.startsWith("~db/")) return `db/${bare.slice(4)}`;
  if (bare.startsWith("~/")) return `app/${bare.slice(2)}`;
  if (bare.startsWith(".")) return path.posix.join(path.posix.dirname(file), bare);
  return undefined;
}

type Import = { specifier: string; line: number; typeOnly: boolean };

const isTypeOnly = (clause: ts.ImportClause | undefined) =>
  clause !== undefined &&
  (clause.isTypeOnly ||
    (!clause.name &&
      clause.namedBindings !== undefined &&
      ts.isNamedImports(clause.namedBindings) &&
      clause.namedBindings.elements.every((element) => element.isTypeOnly)));

function read(file: string, source: string) {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, file.endsWith("x") ? ts.ScriptKind.TSX : undefined);
  const imports: Import[] = [];
  const uses: { text: string; line: number }[] = [];
  const lineOf = (node: ts.Node) => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (specifier && ts.isStringLiteralLike(specifier)) imports.push({ specifier: specifier.text, line: lineOf(node), typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node)) add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isCallExpression(node)) {
      const callee = node.expression.getText(tree);
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword || callee === "require") add(node, node.arguments[0], false);
      if (impureCalls.includes(callee) || (callee === "Date" && node.arguments.length === 0))
        uses.push({ text: callee, line: lineOf(node) });
    } else if (ts.isNewExpression(node) && node.expression.getText(tree) === "Date" && !node.arguments?.length)
      uses.push({ text: "new Date()", line: lineOf(node) });
    else if (ts.isPropertyAccessExpression(node)) uses.push({ text: node.getText(tree), line: lineOf(node) });
    else if (ts.isElementAccessExpression(node))
      uses.push({ text: `${node.expression.getText(tree)}.${node.argumentExpression.getText(tree).slice(1, -1)}`, line: lineOf(node) });
    else if (ts.isVariableDeclaration(node) && node.initializer?.getText(tree) === "process" && /\benv\b/.test(node.name.getText(tree)))
      uses.push({ text: "process.env", line: lineOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { imports, uses };
}

const isTest = (file: string) => /\.test\.tsx?$/.test(file);
const isTool = (file: string) => file.startsWith("scripts/") || /^db\/drizzle\.\w+\.config\.ts$/.test(file);

/** Violations of a file, each as `file:line: sentence`. */
export function violations(file: string, source: string): string[] {
  if (isTest(file)) return [];
  const found: string[] = [];
  const say = (line: number, sentence: string) => found.push(`${file}:${line}: ${sentence}`);
  const room = roomOf(file) ?? "";
  const allowed = [...(mayImport[room] ?? []), ...(alsoMayImport[file] ?? [])];
  if (!mayImport[room]) say(1, `there is no room called ${room}`);
  const { imports, uses } = read(file, source);

  for (const { specifier, line, typeOnly } of imports) {
    const target = targetOf(file, specifier);
    const other = target === undefined ? undefined : roomOf(target);
    if (other !== undefined && !allowed.includes(other)) say(line, `${room} may not import ${other} (${specifier})`);
    if (room === "core" && target === undefined) say(line, `core is pure and imports nothing but core (${specifier})`);
    const isMarked = /\.server\.(tsx?|mjs)$/.test(file) || file.endsWith(".d.ts");
    if (roomsOfServer.includes(room) && !isMarked && !isTool(file) && !typeOnly) {
      const bringsIo = target === undefined ? isBuiltin(specifier) || !/^(drizzle-orm|zod)\b/.test(specifier) : target.includes(".server");
      if (bringsIo) say(line, `a file that imports ${specifier} needs the suffix .server.ts, so that it stays out of the browser`);
    }
    if (isBuiltin(specifier) && /^(node:)?process$/.test(specifier) && !isTool(file))
      say(line, "process is read through app/server/env.server.ts");
  }
  for (const { text, line } of uses) {
    if (/^(globalThis\.)?process\.env$/.test(text) && file !== "app/server/env.server.ts" && !isTool(file))
      say(line, "only app/server/env.server.ts reads process.env");
    if (room === "core" && (impureInCore.test(text) || [...impureCalls, "new Date()", "Date"].includes(text)))
      say(line, `core is pure: ${text} belongs to whoever calls it`);
  }
  return found;
}

/** Every source file of the rooms, from the root. */
export function sourceFiles(): string[] {
  const filesUnder = (folder: string): string[] =>
    readdirSync(path.join(root, folder)).flatMap((name) => {
      const relative = `${folder}/${name}`;
      if (statSync(path.join(root, relative)).isDirectory()) return filesUnder(relative);
      return /\.(tsx?|m?js)$/.test(name) ? [relative] : [];
    });
  return ["app", "db", "client", "scripts"].filter((folder) => existsSync(path.join(root, folder))).flatMap(filesUnder);
}

export const sourceOf = (file: string) => readFileSync(path.join(root, file), "utf8");
