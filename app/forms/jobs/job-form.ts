import { z } from "zod";
import { note } from "~/forms/tenants/tenant";

/** `run`: do what a preview shows. `again`: the tenants that failed, or were skipped. `reason`: preview it with one. */
export const jobForm = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("run") }),
  z.object({ intent: z.literal("cancel") }),
  z.object({ intent: z.literal("reason"), reason: note.min(1) }),
  z.object({ intent: z.literal("again"), state: z.enum(["failed", "skipped"]) }),
]);
