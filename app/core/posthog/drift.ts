import type { JobItem } from "~/core/jobs/job";
import type { Json } from "~/core/model";
import { listWordsUpTo, shorten } from "~/core/text";
import type { GroupDrift, GroupProperties } from "./group-properties";

/** `missing`: PostHog has no such group. `unknown`: there is no such tenant here. */
export type DriftRow = { key: string } & ({ kind: "missing" | "unknown" } | ({ kind: "different" } & GroupDrift));

/** How far a comparison is. The counts are those of the batches before. */
export type DriftPlace = {
  /** Of PostHog's next page of groups; null before the first. */
  page: string | null;
  /** The last tenant that was looked for among the groups; null until all groups are read. */
  after: string | null;
  /** Groups read from PostHog. `isCut` is true if it has more. */
  read: number;
  isCut: boolean;
  missing: number;
  unknown: number;
  different: number;
};

export const driftStart: DriftPlace = { page: null, after: null, read: 0, isCut: false, missing: 0, unknown: 0, different: 0 };

const maxValueLength = 1_000;
const maxNamed = 5;

const bounded = (value: Json): Json => {
  if (typeof value === "string") return shorten(value, maxValueLength);
  const text = typeof value === "object" ? JSON.stringify(value) : "";
  return text.length > maxValueLength ? shorten(text, maxValueLength) : value;
};
const boundedValues = (properties: GroupProperties): GroupProperties =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, bounded(value)]));

function messageOf(row: DriftRow): string {
  if (row.kind === "missing") return "PostHog has no group with this key.";
  if (row.kind === "different") return `PostHog has other values of ${listWordsUpTo(Object.keys(row.ours), maxNamed)}.`;
  return "PostHog has this group, but there is no such tenant here.";
}

/** A difference as a result of the job. Values that others set in PostHog may be of any length, so they are cut. */
export function driftItem(row: DriftRow): JobItem {
  const details = row.kind === "different" ? { ...row, ours: boundedValues(row.ours), theirs: boundedValues(row.theirs) } : row;
  return { subject: row.key, state: "failed", message: messageOf(row), details };
}

export const sameItem = (subject: string): JobItem => ({ subject, state: "done", message: "PostHog has the same." });
/** Its changes are queued, so PostHog cannot have them yet. */
export const waitingItem = (subject: string): JobItem => ({ subject, state: "skipped", message: "Waits to be sent." });
