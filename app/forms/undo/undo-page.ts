import { z } from "zod";
import { note } from "~/forms/tenants/tenant";

/** The form of a toast has none of the first three: the undo is then done only if all of it can be. */
export const undoSchema = z.object({
  /** The digest of the preview. */
  reviewed: z.string().max(100).optional(),
  partial: z.literal("yes").optional(),
  note: note.optional(),
  returnTo: z.string().max(2_000).optional(),
});
