import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiScope } from "~/core/permissions";
import { scopesFor } from "~/core/permissions";
import type { RightWithdrawn } from "~/server/authority.server";
import type { CachedKey } from "~/server/keys/key-cache.server";
import { isBrowserKey } from "~/server/keys/rate-limits.server";
import type { Asker } from "~/server/posthog/flags/user-budget.server";
import type { Services } from "~/server/services.server";
import { type Problem, sendProblem } from "./problem.server";

/** Programs send a key, never a cookie. X-API-Key is for proxies that use Authorization themselves. */
export function presentedIn({ headers }: FastifyRequest): string | undefined {
  const { authorization = "" } = headers;
  if (authorization.startsWith("Bearer ")) return authorization.slice(7);
  return /^bearer +(.*)$/i.exec(authorization)?.[1] ?? (headers["x-api-key"] as string | undefined);
}

const refusals = {
  missing: ["key_missing", "Send an API key: Authorization: Bearer lk_live_… (or X-API-Key)."],
  malformed: [
    "key_malformed",
    "This is no API key of Latchkey: it has a typo or is cut off. A key begins with lk_live_ or lk_pub_ and 36 characters follow.",
  ],
  unknown: ["key_unknown", "This API key does not exist here. Create one under API keys."],
  revoked: ["key_revoked", "This API key was revoked. Create another one under API keys."],
  expired: ["key_expired", "This API key has expired. Create another one under API keys."],
} as const;

function refusal(why: keyof typeof refusals): Problem {
  const [code, detail] = refusals[why];
  const challenge = why === "missing" ? 'Bearer realm="latchkey"' : `Bearer realm="latchkey", error="invalid_token"`;
  return { status: 401, code, detail, headers: { "www-authenticate": challenge } };
}

/** A key that is not in memory may have been created while the database could not be read. */
const keysUnavailable: Problem = {
  status: 503,
  code: "facts_unavailable",
  detail: "The database cannot be read and this API key is not in memory. Ask again in a moment.",
  headers: { "retry-after": "1" },
};

type Options = {
  /** The route checks the key's tenant itself; other routes refuse keys that are bound to a tenant. */
  bound?: true;
};

/** The caller's key, or why it may not do this. Answered from memory. A refused key is counted for the audit log. */
export function whoAsks(
  services: Pick<Services, "facts" | "keys" | "now" | "refusedKeys">,
  request: FastifyRequest,
  scopes: readonly ApiScope[],
  options: Options = {},
): CachedKey | Problem {
  const presented = presentedIn(request);
  if (presented === undefined) return refusal("missing");
  const key = authorize(services, presented, scopes, options);
  if ("status" in key && key !== keysUnavailable && !isOrdinaryEnd(presented, key))
    services.refusedKeys.note({ presented, why: key.code, ip: request.ip });
  return key;
}

/** Every token expires within an hour, in pages that are left open. */
const isOrdinaryEnd = (presented: string, { code }: Problem) => code === "key_expired" && presented.startsWith("lk_tok_");

function authorize(
  { facts, keys, now }: Pick<Services, "facts" | "keys" | "now">,
  presented: string,
  scopes: readonly ApiScope[],
  { bound }: Options,
): CachedKey | Problem {
  const verdict = keys.verify(presented, now());
  if (verdict === "unknown" && facts.isStale()) return keysUnavailable;
  if (typeof verdict === "string") return refusal(verdict);
  if (scopes.some((s) => verdict.scopes.includes(s))) return bound || verdict.tenant === null ? verdict : forbiddenTenant(verdict);
  return scopeMissing(scopes);
}

const scopeMissing = (any: readonly ApiScope[]): Problem => ({
  status: 403,
  code: "scope_missing",
  detail: `This API key lacks the scope "${any.join('" or "')}". Use a key that has it.`,
  headers: { "www-authenticate": `Bearer realm="latchkey", error="insufficient_scope", scope="${any.join(" ")}"` },
});

/** The refusal for a key whose right ended during its request. */
export function withdrawnProblem({ why, authority }: RightWithdrawn): Problem {
  if (why === "key_revoked") return refusal("revoked");
  if (why === "key_expired") return refusal("expired");
  if (why === "scope_missing" && authority.kind === "key") return scopeMissing(scopesFor(authority.acts));
  return refusal("unknown");
}

/** Returns the caller's key, or sends the refusal and returns null. */
export function authenticate(
  services: Pick<Services, "facts" | "keys" | "now" | "refusedKeys">,
  request: FastifyRequest,
  reply: FastifyReply,
  scopes: readonly ApiScope[],
  options: Options = {},
): CachedKey | null {
  const key = whoAsks(services, request, scopes, options);
  if (!("status" in key)) return key;
  sendProblem(reply, key);
  return null;
}

export const isFor = (key: CachedKey, tenant: string) => key.tenant === null || key.tenant === tenant;

/** Returns true if the key may ask about this tenant, or sends the refusal. */
export function mayAskAbout(key: CachedKey, tenant: string, reply: FastifyReply): boolean {
  if (isFor(key, tenant)) return true;
  sendProblem(reply, forbiddenTenant(key));
  return false;
}

export const forbiddenTenant = ({ tenant }: CachedKey): Problem => ({
  status: 403,
  code: "tenant_forbidden",
  detail: `This API key is bound to the tenant ${tenant} and may not ask about others. Use a key without a tenant.`,
});

/** Per-item variant for batch requests. */
export function forbiddenIn(key: CachedKey): { code: string; message: string; field: string } {
  const { code, detail } = forbiddenTenant(key);
  return { code, message: detail, field: "tenant" };
}

/** Browser keys and tokens are visible to anyone who opens the page; secret keys stay on servers. */
export const askerOf = (key: Pick<CachedKey, "kind">): Asker => (isBrowserKey(key) ? "browser" : "server");
