import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, Json } from "~/core/model";
import { zonedDate } from "~/core/zoned-time";

/** An audit entry, with `before` and `after` as written. Null if the documents are too large to be read. */
export type Activity = { action: string; subjectKind: string; before: Json; after: Json };

export type ActivityNames = {
  /** The entry's subject, as people call it. */
  subject: string;
  feature: (key: string) => string;
  plan: (key: string) => string;
  date: (at: Instant) => string;
};

/** Names of today's catalogue. What it no longer has is named by its key. Dates are those of the reader's zone. */
export const namesIn = ({ features, plans }: Catalogue, subject: string, zone: string): ActivityNames => ({
  subject,
  feature: (key) => features.get(key)?.name ?? key,
  plan: (key) => plans.get(key)?.name ?? key,
  date: (at) => zonedDate(at, zone),
});

export type Document = { [field: string]: Json };
const isDocument = (value: Json | undefined): value is Document => typeof value === "object" && value !== null && !Array.isArray(value);
export const documentFields = (value: Json | undefined): Document => (isDocument(value) ? value : {});
