import type { RouteDescription } from "~/api/openapi/describe";

/** Limits of a route's JSON body, checked before it is parsed. */
export type BodyLimits = {
  maxBytes: number;
  /** Names and values together, in all lists and objects. Null: the body is a file, which has limits of its own. */
  maxValues: number | null;
};

const kB = 1024;

/** Routes that take a few fields and a note. */
export const defaultBodyLimits: BodyLimits = { maxBytes: 16 * kB, maxValues: 100 };

/** More deeply nested JSON is refused before parsing; app/forms/storable.ts allows less and names the place. */
export const maxParsedDepth = 100;

export const bodyLimitsOf = (route: Pick<RouteDescription, "bodyLimits"> | undefined): BodyLimits => route?.bodyLimits ?? defaultBodyLimits;

const size = (bytes: number) =>
  bytes >= kB * kB && bytes % (kB * kB) === 0
    ? `${bytes / kB / kB} MB`
    : bytes % kB === 0
      ? `${bytes / kB} kB`
      : `${bytes.toLocaleString("en-US")} bytes`;

/** "16 kB and 100 names and values" */
export function bodyLimitsInWords({ maxBytes, maxValues }: BodyLimits): string {
  return maxValues === null ? size(maxBytes) : `${size(maxBytes)} and ${maxValues.toLocaleString("en-US")} names and values`;
}

export const bodyTooLarge = (limits: BodyLimits) => `The body here has up to ${bodyLimitsInWords(limits)}. Send less, or in smaller parts.`;
