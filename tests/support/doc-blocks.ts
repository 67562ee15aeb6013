import { readFileSync } from "node:fs";

/** The first block of code in this language under this heading of a page, docs/api-for-apps.md by default. */
export function docBlock(heading: string, language: string, page = "docs/api-for-apps.md"): string {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const [, code] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(section) ?? [];
  if (code === undefined) throw new Error(`There is no ${language} under ${heading} of ${page}.`);
  return code;
}
