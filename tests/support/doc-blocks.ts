import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** The README and every page in docs/, decision records apart. */
export const docPages = [
  "README.md",
  ...readdirSync(new URL("docs", root)).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];

export const readDoc = (page: string) => readFileSync(new URL(page, root), "utf8");

export type DocBlock = { page: string; heading: string; language: string; code: string };

/** Every fenced block of a page, with the nearest heading above it. */
export function docBlocks(page: string): DocBlock[] {
  const blocks: DocBlock[] = [];
  let heading = "";
  let open: DocBlock | undefined;
  for (const line of readDoc(page).split("\n")) {
    const [, language] = /^```(\w*)/.exec(line) ?? [];
    if (open && line.startsWith("```")) {
      blocks.push(open);
      open = undefined;
    } else if (open) open.code += `${line}\n`;
    else if (language !== undefined) open = { page, heading, language, code: "" };
    else heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
  }
  return blocks;
}

/** The first block of code in this language under this heading of a page. */
export function docBlock(heading: string, language: string, page = "docs/api-for-apps.md"): string {
  const found = docBlocks(page).find((block) => block.heading === heading && block.language === language);
  if (!found) throw new Error(`There is no ${language} under ${heading} of ${page}.`);
  return found.code;
}
