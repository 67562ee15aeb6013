import type { FeatureType } from "~/core/model";
import { type CheckDetails, checkPath } from "./curl";

const quoted = (text: string) => JSON.stringify(text);

/** Lines of TypeScript that check one feature. The client has no call for a check at another time, so that one uses the API. */
export function clientCode(
  origin: string,
  tenant: string,
  { key, type }: { key: string; type: FeatureType },
  { user, requested, at }: CheckDetails = {},
): string {
  if (at !== undefined) return requestCode(origin, tenant, key, { user, requested, at });
  const more = [...(user ? [`user: ${quoted(user)}`] : []), ...(requested === undefined ? [] : [`requested: ${requested}`])];
  const asked = [quoted(tenant), quoted(key), ...(more.length > 0 ? [`{ ${more.join(", ")} }`] : [])].join(", ");
  const use = {
    boolean: [`if (await latchkey.has(${asked})) {`, "  // It is on.", "}"],
    config: [`const { entitled, value } = await latchkey.decide(${asked});`],
    metered: [`const { entitled, limit, remaining } = await latchkey.decide(${asked});`],
  }[type];
  return [
    'import { createLatchkey } from "@latchkey/client";',
    "",
    `const latchkey = createLatchkey({ url: ${quoted(origin)}, key: process.env.LATCHKEY_KEY ?? "" });`,
    "",
    ...use,
  ].join("\n");
}

function requestCode(origin: string, tenant: string, key: string, details: CheckDetails): string {
  return [
    'const headers = { Authorization: "Bearer " + process.env.LATCHKEY_KEY };',
    `const answer = await fetch(${quoted(origin + checkPath(tenant, [key], details))}, { headers });`,
    "const { entitlements } = await answer.json();",
    `console.log(entitlements[${quoted(key)}].entitled);`,
  ].join("\n");
}
