import { z } from "zod";
import { noticeKindNames } from "~/core/notices/notice-rules";

const kind = z.enum(noticeKindNames, "Choose notices from the list.");
const wholeNumber = (least: number, most: number, what: string) =>
  z.coerce
    .number(`${what} are a whole number.`)
    .int(`${what} are a whole number.`)
    .min(least, `Choose at least ${least}.`)
    .max(most, `Choose ${most.toLocaleString("en")} at most.`);

const fields = {
  endsSoonDays: wholeNumber(1, 90, "Days"),
  demandPerDay: wholeNumber(1, 1_000_000_000, "Refusals"),
};

export const storedNoticeRules = z.object({ kinds: z.array(kind), ...fields });
// The list as a whole is refused, because the form has one place for its errors.
const chosen = z
  .array(z.string())
  .refine((kinds) => kinds.every((one) => kind.safeParse(one).success), "Choose notices from the list.")
  .transform((kinds) => noticeKindNames.filter((name) => kinds.includes(name)));

export const noticeRulesForm = z.object({ kinds: chosen.default([]), ...fields });
