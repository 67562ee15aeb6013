import { z } from "zod";
import type { GroupProperties } from "~/core/posthog/group-properties";
import { askPosthog, type PosthogAsker, PosthogUnavailable } from "~/server/posthog/rest.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";

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

/** PostHog's groups of our type. `next`: the place of the next page, or null at the end. */
export type GroupPage = { groups: TheirGroup[]; next: string | null };

/** Reads the page at a place, or the first for null. Throws PosthogUnavailable. */
export async function readGroupPage(asker: PosthogAsker, place: string | null): Promise<GroupPage> {
  const query = place ?? `?group_type_index=${await readGroupTypeIndex(asker)}`;
  const read = page.safeParse(await askPosthog(asker, `groups/${query}`, question));
  if (!read.success) throw new PosthogUnavailable("PostHog's list of groups cannot be read.");
  const groups = read.data.results.map((g) => ({ key: g.group_key, properties: g.group_properties as GroupProperties }));
  // Only the query of the next page's address is used: the key is sent to the configured host only.
  const next = read.data.next && URL.canParse(read.data.next) ? new URL(read.data.next).search : "";
  return { groups, next: next === "" || next === query ? null : next };
}
