/** Characters that encodeURIComponent keeps and that a shell in double quotes, or a reader, would misread. */
const encode = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A shell command for a check, of all features by default. */
export function curlLine(origin: string, tenant: string, features: readonly string[] = []): string {
  const query = [`tenant=${encode(tenant)}`, ...features.map((key) => `feature=${encode(key)}`)].join("&");
  return `curl -H "Authorization: Bearer $LATCHKEY_KEY" "${origin.replace(/["$\\`]/g, "\\$&")}/api/entitlements?${query}"`;
}
