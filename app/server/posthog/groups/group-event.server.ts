import { createHash } from "node:crypto";
import type { Instant } from "~/core/model";
import type { GroupProperties } from "~/core/posthog/group-properties";
import { isoTime } from "~/core/time";
import type { BatchEvent } from "~/server/posthog/events/send-batch.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";

export type GroupChange = {
  tenant: string;
  /** The larger revision of the tenant's and the catalogue's. */
  revision: number;
  /** Queued since; distinguishes successive sends of the same properties. */
  since: Instant;
  properties: GroupProperties;
};

/** The same change always has the same id, so that PostHog can deduplicate retries. */
function idOf(type: string, { tenant, revision, since, properties }: GroupChange): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([type, tenant, revision, since, properties]))
    .digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/**
 * Equivalent of groupIdentify. Without `$process_person_profile: false`, because PostHog drops a $groupidentify that
 * has it.
 */
export function groupEvent({ groupType, disableGeoip }: PosthogSettings, news: GroupChange, at: Instant): BatchEvent {
  return {
    event: "$groupidentify",
    distinct_id: `$${groupType}_${news.tenant}`,
    uuid: idOf(groupType, news),
    timestamp: isoTime(at),
    properties: {
      $group_type: groupType,
      $group_key: news.tenant,
      $group_set: news.properties,
      $lib: "latchkey",
      ...(disableGeoip ? { $geoip_disable: true } : {}),
      latchkey_revision: news.revision,
    },
  };
}
