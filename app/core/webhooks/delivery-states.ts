/** `failed`: it is over. A pending one whose endpoint fails stays pending. */
export const deliveryStateNames = ["pending", "delivered", "failed", "skipped"] as const;
export type DeliveryState = (typeof deliveryStateNames)[number];
