import { z } from "zod";

/** `ttl` is in seconds. */
export const tokenBody = z.strictObject({
  ttl: z
    .int("ttl is a whole number of seconds.")
    .min(10, "A token lasts at least 10 seconds.")
    .max(3_600, "A token lasts up to 3,600 seconds (an hour).")
    .default(900),
});
