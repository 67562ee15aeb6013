import { hidden, maskSecrets } from "./secrets";

/** In characters, as in PostHog's own middleware. */
const maxIdLength = 1000;

/** Ids that broken programs share between visitors: PostHog refuses to merge them, and counts them as one person. */
const nobodies = new Set([
  ...["anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "undefined", "true", "false"],
  ...["[object object]", "nan", "none", "null", "0"],
]);

/** Cleans an id sent by a client, used for attribution only. A lone surrogate would make PostHog refuse the whole batch. */
export function cleanId(sent: unknown): string | undefined {
  if (typeof sent !== "string") return undefined;
  const clean = sent
    .replace(/[\p{Cc}\p{Cs}]/gu, "")
    .trim()
    .slice(0, maxIdLength)
    .replace(/\p{Cs}/gu, "");
  return clean === "" ? undefined : clean;
}

export function cleanDistinctId(sent: unknown): string | undefined {
  const id = cleanId(sent);
  return id === undefined || nobodies.has(id.toLowerCase()) ? undefined : id;
}

/** Pages whose URL contains a secret. */
const secretPages = new Set(["setup", "invite"]);
/** Parameters whose values are not personal. */
const plainParameters = new Set([
  ...["tenant", "feature", "plan", "status", "type", "kind", "group", "sort", "page", "at", "format", "to", "effect", "action", "show"],
]);
const maxParameters = 20;
const maxValueLength = 200;

/** The router decodes paths and ignores case. */
export const isSecretPage = (path: string) => secretPages.has(decoded(path.split("/").find((part) => part !== "") ?? "").toLowerCase());

/** A URL as it may be sent to PostHog. `target` is path and query as received; `.data` is Remix's suffix. */
export function shownAddress(target: string): { path: string; query: string } {
  const [address = ""] = target.split("#", 1);
  const at = address.indexOf("?");
  const path = at < 0 ? address : address.slice(0, at);
  return { path: shownPath(path), query: at < 0 ? "" : shownQuery(address.slice(at + 1)) };
}

function shownPath(path: string): string {
  const page = path === "/_root.data" ? "/" : path.replace(/\.data$/, "");
  const segments = page.split("/");
  if (isSecretPage(page)) {
    const first = segments.findIndex((segment) => segment !== "");
    return [...segments.slice(0, first + 1), ...segments.slice(first + 1).map((s) => (s === "" ? s : hidden))].join("/");
  }
  return segments.map((segment) => (maskSecrets(decoded(segment)) === decoded(segment) ? segment : hidden)).join("/");
}

function shownQuery(query: string): string {
  const shown = new URLSearchParams();
  for (const [name, value] of [...new URLSearchParams(query)].slice(0, maxParameters)) {
    if (plainParameters.has(name)) shown.append(name, maskSecrets(value).slice(0, maxValueLength));
    else if (/^\w{1,40}$/.test(name) && maskSecrets(name) === name) shown.append(name, hidden);
  }
  const text = shown.toString();
  return text === "" ? "" : `?${text}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Masks a whole URL, such as a referrer, or the secrets of other text. */
export function shownUrl(url: string): string {
  const [, origin, target] = /^(https?:\/\/[^/?#]+)(.*)$/is.exec(url) ?? [];
  if (origin === undefined || target === undefined) return maskSecrets(url);
  const { path, query } = shownAddress(target);
  return origin.replace(/\/\/[^/@]*@/, "//") + path + query;
}

export type Tags = { [name: string]: unknown };

/** Removes empty tags. */
export function withoutEmpty(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined && value !== null && value !== ""));
}
