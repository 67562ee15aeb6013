// Checks the vocabulary of comments and names. A spelling check, not a style judge: keep the lists short.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import ts from "typescript";

/** Words in comments, with their replacements. @type {{ [word: string]: string }} */
const words = {
  whoever: "who, the caller, anyone who",
  somebody: "someone, another admin, another process",
  anew: "again",
  told: "sent, returned, notified",
  likewise: "also",
  "in one go": "in one batch, at a time",
  patience: "timeout",
  breath: "event-loop turn",
};

/** Patterns of identifiers, with their replacements. @type {{ [pattern: string]: string }} */
const names = {
  "^(most|longest|largest|greatest)[A-Z]": "max…",
  "^(shortest|least|fewest)[A-Z]": "min…",
  "[aA]tOnce$|InOneGo$|InPieces$": "batchSize, …InBatches",
  "[pP]atience$": "timeoutMs",
  "^(held|told|said|news)[A-Z]|(Held|Told|Said|News)$": "cached…, sent…, remote…, changes",
  "^(houseWords|hygiene|doors)$": "errorMessages, staleFlags, context",
};

const root = execFileSync("git", ["rev-parse", "--show-toplevel"], { encoding: "utf8" }).trim();
const files = execFileSync("git", ["ls-files", "*.ts", "*.tsx", "*.mjs", "*.js"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => file && !file.startsWith("drizzle/") && !file.startsWith("client/dist/"));
const wordPattern = new RegExp(`\\b(${Object.keys(words).join("|")})\\b`, "gi");
/** @type {string[]} */
const found = [];

for (const file of files) {
  if (file === "scripts/check-words.mjs") continue;
  const text = readFileSync(`${root}/${file}`, "utf8");
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lineAt = (/** @type {number} */ position) => tree.getLineAndCharacterOfPosition(position).line + 1;
  const seen = new Set();
  const visit = (/** @type {ts.Node} */ node) => {
    const comments = [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
    ];
    for (const { pos, end } of comments) {
      if (seen.has(pos)) continue;
      seen.add(pos);
      for (const match of text.slice(pos, end).matchAll(wordPattern)) {
        const word = Object.keys(words).find((w) => new RegExp(`^${w}$`, "i").test(match[0]));
        found.push(`${file}:${lineAt(pos + match.index)}: "${match[0]}" in a comment. Write: ${word && words[word]}.`);
      }
    }
    if (ts.isIdentifier(node) && node.parent && "name" in node.parent && node.parent.name === node)
      for (const [pattern, instead] of Object.entries(names))
        if (new RegExp(pattern).test(node.text))
          found.push(`${file}:${lineAt(node.getStart(tree))}: the name ${node.text}. Use: ${instead}.`);
    for (const child of node.getChildren(tree)) visit(child);
  };
  visit(tree);
}

console.log(found.length ? found.join("\n") : `The words of ${files.length} files are fine.`);
process.exit(found.length ? 1 : 0);
