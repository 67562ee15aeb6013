import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { GroupProperties } from "~/core/posthog/group-properties";
import { askPosthog, type PosthogAsker, PosthogUnavailable } from "~/server/posthog/rest.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";

/** PostHog allows a project 480 requests a minute. Interval between two requests, in ms. */
const pace = 125;

export type TheirGroup = { key: string; properties: GroupProperties };

const types = z.array(z.object({ group_type: z.string(), group_type_index: z.number().int() }));
const page = z.object({
  next: z.string().nullish(),
  results: z.array(
    z.object({ group_key: z.union([z.string(), z.number()]).transform(String), group_properties: z.record(z.string(), z.json()) }),
  ),
});

const question = { scope: "group:read", about: "its groups" };

/** Returns why groups cannot be requested, or null if they can. */
export function whyNoGroups({ secretKey, projectId }: Pick<PosthogSettings, "secretKey" | "projectId">): string | null {
  if (secretKey === null && projectId === null) return "Set POSTHOG_SECRET_KEY and POSTHOG_PROJECT_ID, then start Latchkey again.";
  if (secretKey === null) return "Set POSTHOG_SECRET_KEY to a personal API key with the scope group:read, then start Latchkey again.";
  if (projectId === null) return "Set POSTHOG_PROJECT_ID to the project's number, then start Latchkey again.";
  return null;
}

/** PostHog's number of our group type, 0 to 4. Throws PosthogUnavailable. */
export async function readGroupTypeIndex(asker: PosthogAsker, attempts?: number): Promise<number> {
  const { groupType } = asker.settings;
  const found = types.safeParse(await askPosthog(asker, "groups_types/", { ...question, attempts }));
  if (!found.success) throw new PosthogUnavailable("PostHog's list of group types cannot be read. Is POSTHOG_APP_HOST right?");
  const index = found.data.find((t) => t.group_type === groupType)?.group_type_index;
  if (index === undefined)
    throw new PosthogUnavailable(`PostHog has no group type “${groupType}” yet. It has one once the first tenant has arrived.`);
  return index;
}

/** Yields PostHog's groups of our type, page by page. Throws PosthogUnavailable. */
export async function* theirGroups(asker: PosthogAsker): AsyncGenerator<TheirGroup[]> {
  const index = await readGroupTypeIndex(asker);
  let query = `?group_type_index=${index}`;
  for (;;) {
    const read = page.safeParse(await askPosthog(asker, `groups/${query}`, question));
    if (!read.success) throw new PosthogUnavailable("PostHog's list of groups cannot be read.");
    yield read.data.results.map((g) => ({ key: g.group_key, properties: g.group_properties as GroupProperties }));
    // Only the query of the next page's address is used: the key is sent to the configured host only.
    const next = read.data.next && URL.canParse(read.data.next) ? new URL(read.data.next).search : "";
    if (next === "" || next === query) return;
    query = next;
    await wait(pace, undefined, { signal: asker.stop });
  }
}
