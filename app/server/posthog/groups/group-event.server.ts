import type { Instant } from "~/core/model";
import type { GroupProperties } from "~/core/posthog/group-properties";
import { isoTime } from "~/core/time";
import { eventId } from "~/server/posthog/events/event-id.server";
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

/**
 * Equivalent of groupIdentify. Without `$process_person_profile: false`, because PostHog drops a $groupidentify that
 * has it.
 */
export function groupEvent({ groupType, disableGeoip }: PosthogSettings, news: GroupChange, at: Instant): BatchEvent {
  return {
    event: "$groupidentify",
    distinct_id: `$${groupType}_${news.tenant}`,
    uuid: eventId(groupType, news.tenant, news.revision, news.since, news.properties),
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
