import { z } from "zod";
import type { Actor, Instant } from "~/core/model";
import { instantIn, startOfNextDay, timeZoneNamed } from "~/core/zoned-time";
import { featureKey, tenantKey } from "~/forms/entity-keys";
import { unstorable } from "~/forms/storable";
import { auditSubjects } from "./audit-names";

/** kind:id */
export const auditActor = z
  .string()
  .max(300)
  .regex(/^(admin|api_key|cli|system):[^\0]+$/, "An actor is its kind and id, such as api_key:key_….")
  .transform((text): Pick<Actor, "kind" | "id"> => {
    const at = text.indexOf(":");
    return { kind: text.slice(0, at) as Actor["kind"], id: text.slice(at + 1) };
  });

/** Search text. Every word has to match. */
export const auditText = z
  .string()
  .max(200, "Search for up to 200 characters.")
  .transform((text) => text.replaceAll("\0", "").split(/\s+/).filter(Boolean).slice(0, 8));

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((value) => !unstorable.test(value))
    .optional()
    .catch(undefined);

/** The `seq` of the last entry on the previous page. */
const place = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().catch(undefined);

/** The start of a page, in a list without filters. */
export const readAuditPlace = (params: URLSearchParams): number | undefined => place.parse(params.get("before") ?? undefined);

const query = z.object({
  q: auditText.catch([]).default([]),
  actor: auditActor.optional().catch(undefined),
  action: text(100),
  kind: z.enum(auditSubjects).optional().catch(undefined),
  subject: text(200),
  /** In place of a kind and a subject. */
  tenant: tenantKey.optional().catch(undefined),
  feature: featureKey.optional().catch(undefined),
  /** The first and the last day, such as "2026-12-13", in `zone`. */
  from: z.string().min(1).max(30).optional().catch(undefined),
  to: z.string().min(1).max(30).optional().catch(undefined),
  /** The zone of `from` and `to`. Defaults to the reader's. */
  zone: z.string().max(64).optional().catch(undefined),
  /** Includes sign-ins. */
  signins: z.literal("yes").optional().catch(undefined),
  before: place,
});

type Parsed = z.infer<typeof query>;
/** `to` is exclusive. `problems`: sentences about values that were ignored. */
export type AuditQuery = Omit<Parsed, "from" | "to" | "zone"> & { from?: Instant; to?: Instant; zone: string; problems: string[] };

/** Reads the filter from a URL; invalid values are ignored. `zone` is the reader's. */
export function readAuditQuery(params: URLSearchParams, zone: string): AuditQuery {
  // A parameter without a value is not set.
  const { zone: named, from: first, to: last, ...rest } = query.parse(Object.fromEntries([...params].filter(([, value]) => value !== "")));
  const used = (named === undefined ? null : timeZoneNamed(named)) ?? zone;
  const problems: string[] = [];
  const dayIn = (name: string, text: string | undefined): Instant | undefined => {
    const at = text === undefined ? null : instantIn(`${text}T00:00`, used);
    if (text !== undefined && at === null) problems.push(`“${name}” is not a date between 1970 and 9999, so it is ignored.`);
    return at ?? undefined;
  };
  const [from, lastDay] = [dayIn("From", first), dayIn("To", last)];
  if (from !== undefined && lastDay !== undefined && from > lastDay)
    problems.push("“From” is after “To”, so no entry can match. Swap the dates.");
  if (params.get("feature") && rest.feature === undefined) problems.push("That is not a feature's key, so the filter is ignored.");
  if (params.get("tenant") && rest.tenant === undefined) problems.push("That is not a tenant's key, so the filter is ignored.");
  return { ...rest, from, to: lastDay === undefined ? undefined : startOfNextDay(lastDay, used), zone: used, problems };
}
