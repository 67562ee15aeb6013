import { unescaped, visibleText } from "./page-text";

/** Reads the HTML of a page as a browser gets it. */
export type ReadPage = (path: string) => Promise<string>;

/** What a page shows and what the API answers about it, both as plain data. */
export type Compared = { page: string; shown: unknown; answered: unknown };

/** Rows as texts, for a comparison without their order. */
export const sortedRows = (rows: unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

export const partText = (html: string): string => visibleText(html).trim();

/** What follows the title of a section, or "" if the page has no such section. */
export const sectionIn = (page: string, title: string): string => page.split(`>${title}</h2>`)[1]?.split("</section>")[0] ?? "";

export const itemsIn = (html: string): string[] => [...html.matchAll(/<li\b.*?<\/li>/gs)].map(([item]) => item);
export const paragraphIn = (html: string): string => /<p\b.*?<\/p>/s.exec(html)?.[0] ?? "";

/** The instants of the times that are shown, in ISO 8601. */
export const instantsIn = (html: string): string[] => [...html.matchAll(/datetime="([^"]+)"/gi)].map(([, at = ""]) => at);
export const withoutTimes = (html: string): string => html.replace(/<time\b.*?<\/time>/gs, "");

/** The first attribute of this name. */
export const attributeIn = (html: string, name: string): string => unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(html)?.[1] ?? "");

/** The key of the tenant that the first link leads to. */
export const tenantIn = (html: string): string => decodeURIComponent(/href="\/tenants\/([^/?"]+)/.exec(html)?.[1] ?? "");

/** Returns the HTML of a row's cell by the header of its column. */
export type TableRow = (header: string) => string;

/** The rows of the table with this caption. Details that are folded in are left out. */
export function tableIn(page: string, caption: string): TableRow[] {
  const table =
    page
      .replace(/<details\b.*?<\/details>/gs, "")
      .split(`>${caption}</caption>`)[1]
      ?.split("</table>")[0] ?? "";
  const headers = [...table.matchAll(/<th\b.*?<\/th>/gs)].map(([header]) => partText(header));
  return [...(table.split("<tbody")[1] ?? "").matchAll(/<tr\b.*?<\/tr>/gs)].map(([row]) => {
    const cells = [...row.matchAll(/<td\b.*?<\/td>/gs)].map(([cell]) => cell);
    return (header) => {
      const cell = cells[headers.indexOf(header)];
      if (cell === undefined) throw new Error(`The table ${caption} has no column ${header}: ${headers.join(", ")}`);
      return cell;
    };
  });
}

/** The rows of a table on this page and on those that its link "Next page" leads to. */
export async function allRowsOf(read: ReadPage, path: string, caption: string): Promise<TableRow[]> {
  const page = await read(path);
  const next = /<a\b[^>]*\bhref="([^"]*)"[^>]*>Next page</.exec(page)?.[1];
  return [...tableIn(page, caption), ...(next ? await allRowsOf(read, unescaped(next), caption) : [])];
}
