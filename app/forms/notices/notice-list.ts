import { z } from "zod";
import { noticeKindNames } from "~/core/notices/notice-rules";

const seq = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** What is wrong in the URL is left out. */
export const noticeListQuery = z.object({
  kind: z.enum(noticeKindNames).optional().catch(undefined),
  before: seq.optional().catch(undefined),
});

/** `read`: one notice. `read-all`: those up to the newest that the page showed. */
export const noticeReadForm = z.object({ intent: z.enum(["read", "read-all"], "Choose what to do."), seq });
