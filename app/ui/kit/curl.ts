/** What a check asks besides the tenant and features. `at`: ISO 8601. */
export type CheckDetails = { user?: string; requested?: number; at?: string; explain?: boolean };

/** Characters that encodeURIComponent keeps and that a shell in double quotes, or a reader, would misread. */
const encode = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const inDoubleQuotes = (text: string) => `"${text.replace(/["$\\`]/g, "\\$&")}"`;
const inSingleQuotes = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const authorization = '-H "Authorization: Bearer $LATCHKEY_KEY"';

/** The path and query of a check, of all features by default. */
export function checkPath(tenant: string, features: readonly string[] = [], { user, requested, at, explain }: CheckDetails = {}): string {
  const query = [
    `tenant=${encode(tenant)}`,
    ...features.map((key) => `feature=${encode(key)}`),
    ...(user ? [`user=${encode(user)}`] : []),
    ...(requested === undefined ? [] : [`requested=${requested}`]),
    ...(at ? [`at=${encode(at)}`] : []),
    ...(explain ? ["explain=1"] : []),
  ];
  return `/api/entitlements?${query.join("&")}`;
}

/** A shell command for a check. */
export function curlLine(origin: string, tenant: string, features: readonly string[] = [], details: CheckDetails = {}): string {
  return `curl ${authorization} ${inDoubleQuotes(origin + checkPath(tenant, features, details))}`;
}

/** A shell command for the evaluation of one feature over OFREP. */
export function ofrepLine(origin: string, tenant: string, feature: string): string {
  const body = JSON.stringify({ context: { targetingKey: tenant } });
  const url = inDoubleQuotes(`${origin}/ofrep/v1/evaluate/flags/${encode(feature)}`);
  return `curl -X POST ${authorization} -H "Content-Type: application/json" -d ${inSingleQuotes(body)} ${url}`;
}
