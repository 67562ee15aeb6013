import { z } from "zod";
import { deliveryStateNames } from "~/core/webhooks/delivery-states";

/** What is wrong in the URL is left out. */
export const deliveryListQuery = z.object({
  state: z.enum(deliveryStateNames).optional().catch(undefined),
  before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().catch(undefined),
});
