import path from "node:path";
import ts from "typescript";

const isTypeOnly = (clause: ts.ImportClause | undefined) =>
  clause !== undefined &&
  (clause.isTypeOnly ||
    (!clause.name &&
      clause.namedBindings !== undefined &&
      ts.isNamedImports(clause.namedBindings) &&
      clause.namedBindings.elements.every((element) => element.isTypeOnly)));

/** Project files that a file imports for their values, from the root and without extension. */
export function valueImports(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, file.endsWith("x") ? ts.ScriptKind.TSX : undefined);
  return tree.statements.flatMap((statement) => {
    const isValue =
      (ts.isImportDeclaration(statement) && !isTypeOnly(statement.importClause)) ||
      (ts.isExportDeclaration(statement) && !statement.isTypeOnly);
    const specifier = isValue && statement.moduleSpecifier;
    if (!specifier || !ts.isStringLiteral(specifier)) return [];
    const { text } = specifier;
    if (text.startsWith("~db/")) return [`db/${text.slice(4)}`];
    if (text.startsWith("~/")) return [`app/${text.slice(2)}`];
    return text.startsWith(".") ? [path.posix.join(path.posix.dirname(file), text)] : [];
  });
}

/** A folder of app/server, or a file directly in app/server or app/server/posthog, which puts folders together. */
export function unitOf(file: string): string {
  const folder = path.posix.dirname(file);
  return ["app/server", "app/server/posthog"].includes(folder) ? file.replace(/\.tsx?$/, "") : folder;
}

/** Groups of units that import each other in a circle. */
export function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const units = new Map<string, Set<string>>();
  for (const [file, targets] of imports)
    for (const target of targets) {
      const [from, to] = [unitOf(file), unitOf(target)];
      if (from !== to && to.startsWith("app/server")) units.set(from, (units.get(from) ?? new Set()).add(to));
    }
  const reaches = (from: string, seen = new Set<string>()): Set<string> => {
    for (const next of units.get(from) ?? []) if (!seen.has(next)) reaches(next, seen.add(next));
    return seen;
  };
  const reached = new Map([...units.keys()].map((unit) => [unit, reaches(unit)]));
  const inCircle = [...reached].filter(([unit, all]) => all.has(unit)).map(([unit]) => unit);
  return [...new Set(inCircle.map((a) => inCircle.filter((b) => reached.get(a)?.has(b) && reached.get(b)?.has(a)).join(" ")))].map((text) =>
    text.split(" "),
  );
}
