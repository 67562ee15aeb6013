/** For encodeURIComponent: what it leaves and a shell inside double quotes, or a reader, would trip over. */
const encode = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A line for a shell that asks what an app would ask; without features, for all of them. */
export function curlLine(origin: string, tenant: string, features: readonly string[] = []): string {
  const query = [`tenant=${encode(tenant)}`, ...features.map((key) => `feature=${encode(key)}`)].join("&");
  return `curl -H "Authorization: Bearer $LATCHKEY_KEY" "${origin.replace(/["$\\`]/g, "\\$&")}/api/entitlements?${query}"`;
}
