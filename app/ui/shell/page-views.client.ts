import type { CaptureResult } from "posthog-js";
import { posthog } from "posthog-js/no-external";
// The package would load this from PostHog's host on first use; here all scripts are our own.
import "posthog-js/dist/tracing-headers";
import { shownEvent } from "~/core/posthog/shown-event";
import type { BrowserPosthog } from "./analytics";

let isReady = false;

function begin({ token, host, uiHost, visitor }: BrowserPosthog): void {
  if (isReady) return;
  isReady = true;
  posthog.init(token, {
    api_host: window.location.origin + host,
    ui_host: uiHost,
    defaults: "2026-01-30",
    person_profiles: "identified_only",
    // The id under which the server knows this visitor.
    ...(visitor === null ? {} : { bootstrap: { distinctID: visitor } }),
    tracing_headers: [window.location.hostname],
    capture_pageview: false, // Page views are captured by ourselves, after the page has loaded.
    before_send: (event) => event && (shownEvent(event) as CaptureResult),
    // Page views only: clicks and input are not captured.
    ...{ autocapture: false, rageclick: false, capture_dead_clicks: false, capture_heatmaps: false, capture_performance: false },
    ...{ capture_exceptions: false, disable_surveys: true, disable_product_tours: true, disable_conversations: true },
    ...{ disable_web_experiments: true, disable_external_dependency_loading: true },
    // Pages use no flags, and each request would be billed.
    advanced_disable_feature_flags: true,
    advanced_disable_feature_flags_on_first_load: true,
    disable_session_recording: true,
    session_recording: {
      maskAllInputs: true,
      maskTextSelector: "[data-private]",
      // Masking does not cover hidden inputs, and ours contain URLs with search terms.
      blockSelector: 'input[type="hidden"]',
      recordHeaders: false,
      recordBody: false,
      collectFonts: false,
    },
  });
}

function beWho({ admin }: BrowserPosthog): void {
  const isSomebody = posthog.get_property("$user_state") === "identified";
  if (isSomebody && posthog.get_distinct_id() !== admin?.id) posthog.reset();
  if (admin !== null && posthog.get_distinct_id() !== admin.id) {
    posthog.identify(admin.id, admin.properties);
  }
}

async function record(isWanted: boolean): Promise<void> {
  if (!isWanted) return posthog.stopSessionRecording();
  await import("./recording.client");
  posthog.startSessionRecording();
}

/** Reports the admin, the tenant and the page view. */
export async function see(settings: BrowserPosthog, tenant: string | null): Promise<void> {
  begin(settings);
  beWho(settings);
  if (tenant === null) posthog.resetGroups();
  else posthog.group(settings.groupType, tenant);
  await record(settings.replay);
  posthog.capture("$pageview");
}

/** A one-time link's page was opened: nothing of it is captured. */
export function lookAway(): void {
  if (isReady) posthog.stopSessionRecording();
}
