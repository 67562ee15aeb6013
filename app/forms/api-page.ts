import { z } from "zod";
import { unstorable } from "./storable";

/** What a cursor holds: where the page before ended, in the order of the list. Callers pass it on and look into it never. */
export const cursorOf = (...place: (string | number)[]): string => Buffer.from(JSON.stringify(place)).toString("base64url");

const badCursor = "This is no cursor of this list: take it as it was answered, or leave it out to begin at the start.";

/** Characters of a cursor: of a tenant's name and key, as long as they may be, and as base64. */
export const longestCursor = 6_000;

/** A cursor whose place has this shape, such as `example`. */
export const cursor = <P extends readonly [z.ZodType, ...z.ZodType[]]>(example: (string | number)[], ...place: P) =>
  z
    .string()
    .max(longestCursor, badCursor)
    .meta({ examples: [cursorOf(...example)] })
    .transform((text, ctx) => {
      try {
        const read = z
          .tuple(place as unknown as [z.ZodType, ...z.ZodType[]])
          .safeParse(JSON.parse(Buffer.from(text, "base64url").toString()));
        if (read.success && !read.data.some((part) => typeof part === "string" && unstorable.test(part)))
          return read.data as { [I in keyof P]: z.output<P[I]> };
      } catch {}
      ctx.addIssue({ code: "custom", message: badCursor });
      return z.NEVER;
    });

export const largestPage = 200;
const size = `A limit is a whole number from 1 to ${largestPage}.`;

/** In an address everything is text: plain digits are read as a number, and 0x10 or 1e3 is none. */
export const fromDigits = <T extends z.ZodType>(number: T) =>
  z.preprocess((text) => (typeof text === "string" && /^\d{1,16}$/.test(text) ? Number(text) : text), number);

export const limit = fromDigits(z.int(size).min(1, size).max(largestPage, size)).default(50);

/** A switch in an address; left out, it is undefined. */
export const yes = z
  .enum(["1", "0", "true", "false"], "Say 1 or 0.")
  .optional()
  .transform((text) => (text === undefined ? undefined : text === "1" || text === "true"));
