import type { BulkActId } from "~/core/bulk/bulk-act";

export const bulkActWords: Record<BulkActId, { label: string; hint: string }> = {
  grant_trial: { label: "Grant trial", hint: "Of one or more features, for some days from now." },
  grant_bundle: { label: "Grant all that a plan gives", hint: "And they do not have, as one trial, for some days from now." },
  extend_trial: { label: "Extend trials", hint: "Those that run, by some days from the end that each has." },
  end_trial: { label: "End trials", hint: "Now, also those that have not begun." },
  change_plan: { label: "Change plan", hint: "Add-ons and grants stay." },
  add_add_on: { label: "Add add-on", hint: "Beside the plan." },
  remove_add_on: { label: "Remove add-on", hint: "The plan stays." },
  suspend: { label: "Suspend", hint: "Every answer becomes no until they are reinstated." },
  reinstate: { label: "Reinstate", hint: "Plan and grants count again." },
  resync: { label: "Send to PostHog again", hint: "Nothing of the tenants is changed." },
};
