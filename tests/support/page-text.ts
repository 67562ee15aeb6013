/** A page's visible text. */
export const textOf = async (response: Response): Promise<string> => visibleText(await response.text());

/** The visible text of a page, or of a part of one. */
export function visibleText(html: string): string {
  const shown = html.replace(/<(script|style)\b.*?<\/\1>/gs, " ").replace(/<!--.*?-->/g, "");
  return unescaped(shown.replace(/<[^>]+>/g, " ")).replace(/\s+/g, " ");
}

export const unescaped = (html: string) =>
  html.replaceAll("&#x27;", "'").replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A form field's initial value. */
export function fieldIn(html: string, name: string): string | null {
  const tag = new RegExp(`<(input|textarea)\\b[^>]*\\bname="${name}"[^>]*>([^<]*)`).exec(html);
  if (!tag) return null;
  return unescaped(tag[1] === "textarea" ? (tag[2] ?? "") : (/\bvalue="([^"]*)"/.exec(tag[0])?.[1] ?? ""));
}
