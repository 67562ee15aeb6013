import { tenantKeyPattern } from "~/core/model";

export type OfrepAsker = { tenant: string; user: string | undefined };
export type OfrepRefusal = { errorCode: "PARSE_ERROR" | "INVALID_CONTEXT" | "TARGETING_KEY_MISSING" | "FORBIDDEN"; details: string };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The subject of an evaluation. `bound` is the key's tenant. If the context names the tenant, `targetingKey` is the
 * user; otherwise `targetingKey` is the tenant, or with a bound key the user.
 */
export function readContext(body: unknown, bound: string | null, groupType: string): OfrepAsker | OfrepRefusal {
  const invalid = (details: string): OfrepRefusal => ({ errorCode: "INVALID_CONTEXT", details });
  if (!isObject(body)) return { errorCode: "PARSE_ERROR", details: 'The body is an object: {"context": {"targetingKey": "acme"}}' };
  const { context } = body;
  if (!isObject(context)) return invalid('The context is an object: {"context": {"targetingKey": "acme"}}');
  const groupIn = (groups: unknown) => (isObject(groups) ? groups[groupType] : undefined);
  const named = context.tenant ?? context.tenantKey ?? context.organization ?? groupIn(context.groups) ?? groupIn(context.$groups);
  const target = context.targetingKey ?? undefined;
  for (const [what, value] of [
    ["The tenant", named],
    ["The targetingKey", target],
  ] as const) {
    if (value !== undefined && !(typeof value === "string" && tenantKeyPattern.test(value)))
      return invalid(`${what} has 1 to 200 characters and no control characters.`);
  }
  const tenant = (bound ?? named ?? target) as string | undefined;
  if (tenant === undefined) return { errorCode: "TARGETING_KEY_MISSING", details: "Send the tenant's key as targetingKey, or as tenant." };
  if (bound !== null && named !== undefined && named !== bound)
    return { errorCode: "FORBIDDEN", details: `This API key is bound to the tenant ${bound} and may not ask about others.` };
  const user = named === undefined && target === tenant ? undefined : (target as string | undefined);
  return { tenant, user };
}
