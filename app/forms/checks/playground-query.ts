import { z } from "zod";
import type { Instant } from "~/core/model";
import { instantIn, timeZoneNamed } from "~/core/zoned-time";
import { readPage } from "~/forms/catalogue/feature-filter";
import { tenantKey } from "~/forms/entity-keys";
import { isoInstant } from "~/forms/instants";
import { fromDigits } from "~/forms/pagination";
import { unstorable } from "~/forms/storable";
import { requestedQuantity, userId } from "./checks";

const shownAnswers = ["yes", "no"] as const;
type ShownAnswers = (typeof shownAnswers)[number];

/** Fields of the form, in which the URL keeps what was typed. */
const playgroundFields = ["tenant", "user", "at", "requested", "q", "show"] as const;
type Field = (typeof playgroundFields)[number];

export type PlaygroundQuery = {
  /** "" if none was named or the key is invalid. */
  tenant: string;
  user: string | undefined;
  /** Undefined: now. */
  at: Instant | undefined;
  requested: number | undefined;
  /** Words that the name or key of a feature holds. */
  search: string;
  /** Only features that are on, or off. Null: both. */
  show: ShownAnswers | null;
  /** The feature whose rules are shown. */
  feature: string | null;
  page: number;
  /** What was typed, as the form shows it again. */
  typed: { [F in Field]: string };
  errors: { [F in Field]?: string };
};

const maxTyped = 300;
const badTime = "Choose a date and time.";

/** Reads the form from the URL. A field that cannot be read is left out and has an error. */
export function readPlaygroundQuery(params: URLSearchParams): PlaygroundQuery {
  const errors: PlaygroundQuery["errors"] = {};
  const typed = Object.fromEntries(
    playgroundFields.map((field) => [field, (params.get(field) ?? "").slice(0, maxTyped)]),
  ) as PlaygroundQuery["typed"];
  const read = <T>(field: Field, schema: z.ZodType<T>): T | undefined => {
    if (typed[field].trim() === "") return undefined;
    const result = schema.safeParse(typed[field]);
    if (!result.success) errors[field] = result.error.issues[0]?.message;
    return result.data;
  };
  const at = typed.at === "" ? undefined : instantOf(typed.at, params.get("zone"));
  if (at === null) errors.at = badTime;
  const feature = params.get("feature");
  return {
    tenant: read("tenant", tenantKey) ?? "",
    user: read("user", userId),
    at: at ?? undefined,
    requested: read("requested", fromDigits(requestedQuantity) as z.ZodType<number>),
    search: typed.q.trim(),
    show: z.enum(shownAnswers).safeParse(typed.show).data ?? null,
    feature: feature !== null && feature !== "" && feature.length <= maxTyped && !unstorable.test(feature) ? feature : null,
    page: readPage(params),
    typed,
    errors,
  };
}

/** Of a date and time input in a zone, or of ISO 8601 with a zone. */
function instantOf(text: string, zoneName: string | null): Instant | null {
  const zone = zoneName === null || zoneName === "" ? "UTC" : timeZoneNamed(zoneName);
  const local = zone === null ? null : instantIn(text, zone);
  return local ?? isoInstant.safeParse(text).data ?? null;
}
