/** Of a page: what a reader sees, without the markup. */
export async function textOf(response: Response): Promise<string> {
  const html = (await response.text()).replace(/<(script|style)\b.*?<\/\1>/gs, " ").replace(/<!--.*?-->/g, "");
  return unescaped(html.replace(/<[^>]+>/g, " ")).replace(/\s+/g, " ");
}

export const unescaped = (html: string) =>
  html.replaceAll("&#x27;", "'").replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** What a form field holds when the page is shown: of an input its value, of a textarea its text. */
export function fieldIn(html: string, name: string): string | null {
  const tag = new RegExp(`<(input|textarea)\\b[^>]*\\bname="${name}"[^>]*>([^<]*)`).exec(html);
  if (!tag) return null;
  return unescaped(tag[1] === "textarea" ? (tag[2] ?? "") : (/\bvalue="([^"]*)"/.exec(tag[0])?.[1] ?? ""));
}
