import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { GroupProperties } from "~/core/posthog/group-properties";
import { refusedLookUp } from "~/server/posthog/flags/flag-health";
import type { PosthogSettings } from "~/server/posthog/settings.server";

const timeout = 10_000; // ms
/** PostHog allows a project 480 requests a minute. Interval between two requests, in ms. */
const pace = 125;
/** Upper bound on the wait after a 429, in ms. */
const maxWaitMs = 60_000;

export type TheirGroup = { key: string; properties: GroupProperties };

/** Its message says why PostHog's groups cannot be read. */
export class GroupsUnavailable extends Error {}

const types = z.array(z.object({ group_type: z.string(), group_type_index: z.number().int() }));
const page = z.object({
  next: z.string().nullish(),
  results: z.array(
    z.object({ group_key: z.union([z.string(), z.number()]).transform(String), group_properties: z.record(z.string(), z.json()) }),
  ),
});

type Asker = { settings: PosthogSettings; stop: AbortSignal };

/** Returns why groups cannot be requested, or null if they can. */
export function whyNoGroups({ secretKey, projectId }: Pick<PosthogSettings, "secretKey" | "projectId">): string | null {
  if (secretKey === null && projectId === null) return "Set POSTHOG_SECRET_KEY and POSTHOG_PROJECT_ID, then start Latchkey again.";
  if (secretKey === null) return "Set POSTHOG_SECRET_KEY to a personal API key with the scope group:read, then start Latchkey again.";
  if (projectId === null) return "Set POSTHOG_PROJECT_ID to the project's number, then start Latchkey again.";
  return null;
}

/** Yields PostHog's groups of our type, page by page. Throws GroupsUnavailable. */
export async function* theirGroups(asker: Asker): AsyncGenerator<TheirGroup[]> {
  const { groupType } = asker.settings;
  const found = types.safeParse(await ask(asker, "groups_types/"));
  if (!found.success) throw new GroupsUnavailable("PostHog's list of group types cannot be read. Is POSTHOG_APP_HOST right?");
  const index = found.data.find((t) => t.group_type === groupType)?.group_type_index;
  if (index === undefined)
    throw new GroupsUnavailable(`PostHog has no group type “${groupType}” yet. It has one once the first tenant has arrived.`);
  let query = `?group_type_index=${index}`;
  for (;;) {
    const read = page.safeParse(await ask(asker, `groups/${query}`));
    if (!read.success) throw new GroupsUnavailable("PostHog's list of groups cannot be read.");
    yield read.data.results.map((g) => ({ key: g.group_key, properties: g.group_properties as GroupProperties }));
    // Only the query of the next page's address is used: the key is sent to the configured host only.
    const next = read.data.next && URL.canParse(read.data.next) ? new URL(read.data.next).search : "";
    if (next === "" || next === query) return;
    query = next;
    await wait(pace, undefined, { signal: asker.stop });
  }
}

async function ask({ settings, stop }: Asker, path: string): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const { status, after, body } = await askOnce({ settings, stop }, path);
    if (status === 200) return body;
    if (status === 429 && attempt < 5) {
      await wait(Math.min(maxWaitMs, after), undefined, { signal: stop });
      continue;
    }
    if (status === 401 || status === 403) throw new GroupsUnavailable(refusedLookUp(status, settings.secretKey as string, "group:read"));
    if (status === 404) throw new GroupsUnavailable(`PostHog knows no project ${settings.projectId}. Check POSTHOG_PROJECT_ID.`);
    throw new GroupsUnavailable(`PostHog answered ${status} to a question about its groups. Try again in a while.`);
  }
}

async function askOnce({ settings, stop }: Asker, path: string): Promise<{ status: number; after: number; body: unknown }> {
  const url = `${settings.appHost}/api/projects/${settings.projectId}/${path}`;
  const signal = AbortSignal.any([AbortSignal.timeout(timeout), stop]);
  try {
    const response = await fetch(url, { headers: { authorization: `Bearer ${settings.secretKey}` }, signal, redirect: "error" });
    const text = await response.text();
    const after = Number(response.headers.get("retry-after") ?? 1) * 1_000;
    return { status: response.status, after: Number.isFinite(after) ? after : 1_000, body: response.ok ? JSON.parse(text) : null };
  } catch (cause) {
    if (stop.aborted) throw cause;
    if (cause instanceof SyntaxError)
      throw new GroupsUnavailable("Something that is not PostHog answered. Check POSTHOG_APP_HOST, and the proxies between.");
    throw new GroupsUnavailable(`PostHog cannot be reached at ${settings.appHost}. Try again in a while.`, { cause });
  }
}
