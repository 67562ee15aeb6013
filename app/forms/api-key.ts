import { z } from "zod";

export const keyScopes = ["check", "manage"] as const;

export const keyName = z
  .string("Give the key a name.")
  .trim()
  .min(1, "Give the key a name, such as the program that will use it.")
  .max(100, "A name has up to 100 characters.")
  .regex(/^\P{Cc}*$/u, "A name has no control characters.");

export const keyDays = z
  .int("Days are a whole number.")
  .min(1, "A key lasts at least one day.")
  .max(3_650, "A key lasts up to 3,650 days; leave the days out for one that does not expire.");

/** Days, or never. */
export const keyLives = ["30", "90", "365", "never"] as const;

export const keyForm = z.object({
  name: keyName,
  scopes: z.array(z.enum(keyScopes)).min(1, "Choose at least one thing that the key may do."),
  expires: z.enum(keyLives, "Choose when the key ends."),
});
