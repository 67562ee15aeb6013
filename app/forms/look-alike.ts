import type { z } from "zod";
import { lookAlikeProblem } from "~/core/plain-text";

/** For names of what is only ever made new: API keys and admins. */
export function refuseLookAlike(name: string, ctx: z.core.$RefinementCtx): void {
  const bad = lookAlikeProblem(name, "name");
  if (bad) ctx.addIssue({ code: "custom", message: `The name ${bad}.` });
}
