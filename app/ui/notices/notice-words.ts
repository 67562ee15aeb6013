import {
  Bell,
  CircleAlert,
  CircleCheck,
  Gauge,
  Hourglass,
  Inbox,
  KeyRound,
  type LucideIcon,
  RefreshCw,
  TrendingUp,
  Webhook,
} from "lucide-react";
import type { NoticeKind } from "~/core/notices/notice-rules";
import { paths } from "~/paths";

const icons: { readonly [kind in NoticeKind]: LucideIcon } = {
  trial_ends_soon: Hourglass,
  trial_ended: Hourglass,
  trial_converted: CircleCheck,
  limit_warning: Gauge,
  limit_reached: Gauge,
  feature_in_demand: TrendingUp,
  key_expires: KeyRound,
  posthog_trouble: RefreshCw,
  job_failed: CircleAlert,
  request_waiting: Inbox,
  webhook_disabled: Webhook,
};
export const noticeIcon = (kind: NoticeKind): LucideIcon => icons[kind] ?? Bell;

/** The page that shows more. `about` is null if the notice is about several. */
export function noticeLink(kind: NoticeKind, about: string | null): string {
  switch (kind) {
    case "trial_ends_soon":
      return about === null ? paths.trials({ tab: "ending" }) : paths.tenantGrants(about);
    case "trial_ended":
    case "trial_converted":
      return about === null ? paths.trials({ tab: "ended" }) : paths.tenantGrants(about);
    case "limit_warning":
    case "limit_reached":
      return about === null ? paths.usage() : paths.tenantUsage(about);
    case "feature_in_demand":
      return about === null ? paths.demand() : paths.demandFeature(about);
    case "key_expires":
      return paths.keys();
    case "posthog_trouble":
      return paths.posthog();
    case "request_waiting":
      return paths.requests({ tenant: about });
    case "webhook_disabled":
      return about === null ? paths.webhooks() : paths.webhook(about);
    case "job_failed":
      return about === null ? paths.jobs() : paths.job(about);
  }
}
