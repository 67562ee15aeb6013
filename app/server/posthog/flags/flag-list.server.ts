import { z } from "zod";
import type { FlagInfo } from "~/core/catalogue/stale-flags";
import type { Json } from "~/core/model";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import { refusedLookUp } from "./flag-health";

const page = z.object({
  next: z.string().nullish(),
  results: z.array(
    z.object({
      id: z.number(),
      key: z.string(),
      active: z.boolean(),
      created_at: z.string().nullish(),
      updated_at: z.string().nullish(),
      filters: z.unknown(),
    }),
  ),
});

/** Upper bound on pages of flags; the page says when there are more. */
const maxPages = 50;
/** For the whole list, while a page waits. */
const timeoutMs = 8_000; // ms

/** Its message says why PostHog's list of flags cannot be read. */
export class FlagListUnavailable extends Error {}

/** GET /api/projects/:id/feature_flags/: needs a secret key and the project id. Throws FlagListUnavailable. */
export async function listFlags(settings: PosthogSettings): Promise<{ flags: FlagInfo[]; isComplete: boolean }> {
  if (settings.secretKey === null || settings.projectId === null) {
    throw new FlagListUnavailable("Set POSTHOG_SECRET_KEY and POSTHOG_PROJECT_ID to compare with PostHog's own list of flags.");
  }
  const flags: FlagInfo[] = [];
  const signal = AbortSignal.timeout(timeoutMs);
  // Pages are counted instead of following `next`: the key is sent to the configured host only.
  for (let n = 0; n < maxPages; n++) {
    const answer = await read(
      `${settings.appHost}/api/projects/${settings.projectId}/feature_flags/?limit=100&offset=${n * 100}`,
      settings.secretKey,
      signal,
    );
    for (const f of answer.results) {
      flags.push({
        id: f.id,
        key: f.key,
        active: f.active,
        createdAt: instant(f.created_at),
        updatedAt: instant(f.updated_at),
        filters: f.filters as Json,
      });
    }
    if (!answer.next) return { flags, isComplete: true };
  }
  return { flags, isComplete: false };
}

const instant = (text: string | null | undefined) => (text && !Number.isNaN(Date.parse(text)) ? Date.parse(text) : null);

async function read(url: string, secretKey: string, signal: AbortSignal): Promise<z.output<typeof page>> {
  const unreachable = (cause: unknown) =>
    new FlagListUnavailable(
      signal.aborted ? `PostHog gave no whole answer within ${timeoutMs / 1000} s. Try again in a while.` : "PostHog cannot be reached.",
      { cause },
    );
  let response: Response;
  try {
    response = await fetch(url, { headers: { authorization: `Bearer ${secretKey}` }, signal, redirect: "error" });
  } catch (cause) {
    throw unreachable(cause);
  }
  if (response.status === 401 || response.status === 403) {
    throw new FlagListUnavailable(refusedLookUp(response.status, secretKey, "feature_flag:read"));
  }
  if (!response.ok) throw new FlagListUnavailable(`PostHog answered ${response.status}. Try again in a while.`);
  const parsed = page.safeParse(
    await response.json().catch((cause) => {
      if (signal.aborted) throw unreachable(cause);
      return null;
    }),
  );
  if (!parsed.success) throw new FlagListUnavailable("PostHog's answer cannot be read. Is POSTHOG_APP_HOST right?");
  return parsed.data;
}
