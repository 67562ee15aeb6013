import { createHash } from "node:crypto";
import type { GroupProperties } from "~/core/group-properties";
import type { Instant } from "~/core/model";
import type { BatchEvent } from "./send-batch.server";
import type { PosthogSettings } from "./settings.server";

export type GroupNews = {
  tenant: string;
  /** The newer of the tenant's and the catalogue's. */
  revision: number;
  /** Since when it waits to be sent: tells one round of the same properties from the next. */
  since: Instant;
  properties: GroupProperties;
};

/** The same news has the same id however often it is tried, so that PostHog can tell a retry from something new. */
function idOf(type: string, { tenant, revision, since, properties }: GroupNews): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([type, tenant, revision, since, properties]))
    .digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/** What groupIdentify would send. Without `$process_person_profile: false`: PostHog drops a $groupidentify that has it. */
export function groupEvent({ groupType, disableGeoip }: PosthogSettings, news: GroupNews, at: Instant): BatchEvent {
  return {
    event: "$groupidentify",
    distinct_id: `$${groupType}_${news.tenant}`,
    uuid: idOf(groupType, news),
    timestamp: new Date(at).toISOString(),
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
