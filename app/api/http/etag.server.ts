import { shortHash } from "~/server/random.server";

/** RFC 9110 If-None-Match: a list, `*`, and weak tags, which proxies make when they compress. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === "*") return true;
  return header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** Equal bytes have equal tags. */
export const etagOf = (text: string) => `"${shortHash(text)}"`;

/** For content that depends on more than its revision, such as time. As If-Match it stands for the revision. */
export const etagAt = (revision: number, text: string) => etagWith(revision, shortHash(text));

/** `mark` is the content's hash. */
export const etagWith = (revision: number, mark: string) => `"${revision}.${mark}"`;
