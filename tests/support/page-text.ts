/** A page's visible text. */
export async function textOf(response: Response): Promise<string> {
  const html = (await response.text()).replace(/<(script|style)\b.*?<\/\1>/gs, " ").replace(/<!--.*?-->/g, "");
  return unescaped(html.replace(/<[^>]+>/g, " ")).replace(/\s+/g, " ");
}

export const unescaped = (html: string) =>
  html.replaceAll("&#x27;", "'").replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A form field's initial value. */
export function fieldIn(html: string, name: string): string | null {
  const tag = new RegExp(`<(input|textarea)\\b[^>]*\\bname="${name}"[^>]*>([^<]*)`).exec(html);
  if (!tag) return null;
  return unescaped(tag[1] === "textarea" ? (tag[2] ?? "") : (/\bvalue="([^"]*)"/.exec(tag[0])?.[1] ?? ""));
}
