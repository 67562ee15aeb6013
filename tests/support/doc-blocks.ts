import { readFileSync } from "node:fs";

/** The first block of code in this language under this heading of docs/api-for-apps.md. */
export function docBlock(heading: string, language: string): string {
  const text = readFileSync(new URL("../../docs/api-for-apps.md", import.meta.url), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const [, code] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(section) ?? [];
  if (code === undefined) throw new Error(`There is no ${language} under ${heading}.`);
  return code;
}
