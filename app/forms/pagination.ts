import { z } from "zod";
import { unstorable } from "./storable";

/** A cursor: where the previous page ended in list order. Opaque to clients. */
export const cursorOf = (...place: (string | number)[]): string => Buffer.from(JSON.stringify(place)).toString("base64url");

const badCursor = "The cursor is invalid. Send the cursor of the previous page, or omit it for the first page.";

/** Max characters: the longest tenant name and key in base64. */
export const maxCursorLength = 6_000;

/** A cursor whose position has the shape of `example`. */
export const cursor = <P extends readonly [z.ZodType, ...z.ZodType[]]>(example: (string | number)[], ...place: P) =>
  z
    .string()
    .max(maxCursorLength, badCursor)
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

export const maxPageSize = 200;
const size = `A limit is a whole number from 1 to ${maxPageSize}.`;

/** Query values are text: plain digits become a number; 0x10 and 1e3 are refused. */
export const fromDigits = <T extends z.ZodType>(number: T) =>
  z.preprocess((text) => (typeof text === "string" && /^\d{1,16}$/.test(text) ? Number(text) : text), number);

export const limit = fromDigits(z.int(size).min(1, size).max(maxPageSize, size)).default(50);

/** A boolean query parameter; undefined if absent. */
export const yes = z
  .enum(["1", "0", "true", "false"], "Say 1 or 0.")
  .optional()
  .transform((text) => (text === undefined ? undefined : text === "1" || text === "true"));
