import { z } from "zod";
import { differences } from "~/core/decision/comparison";
import { tenantKey } from "~/forms/entity-keys";
import { cursor, fromDigits, limit } from "~/forms/pagination";
import { demandDays, maxCompared } from "./usage-ranges";

const query = z.object({
  days: z
    .enum(demandDays.map(String) as [string, ...string[]])
    .catch("30")
    .transform(Number),
  show: z.enum(["differences", "all"]).catch("differences"),
  page: z.coerce.number().int().min(1).max(1_000).catch(1),
});
export type CompareQuery = z.infer<typeof query> & { names: string[] };

/** `names`: what was typed or chosen, each once. Invalid values of the others are ignored. */
export function readCompareQuery(params: URLSearchParams): CompareQuery {
  const names = params.getAll("tenant").map((text) => text.replace(/[\p{Cc}\p{Cs}]/gu, "").slice(0, 200));
  return { ...query.parse(Object.fromEntries(params)), names: [...new Set(names.filter((name) => name.trim() !== ""))] };
}

const badCount = `Name two to ${maxCompared} tenants.`;
const badDays = "Days are a whole number from 1 to 90.";

/** GET /api/usage/compare */
export const compareApiQuery = z.object({
  tenant: z.preprocess(
    (sent) => (typeof sent === "string" ? [sent] : sent),
    z
      .array(tenantKey)
      .min(2, badCount)
      .max(maxCompared, badCount)
      .refine((keys) => new Set(keys).size === keys.length, "Name each tenant once.")
      .meta({ description: "Two to four tenants, each as a parameter of its own.", examples: [["acme", "globex"]] }),
  ),
  days: fromDigits(z.int(badDays).min(1, badDays).max(90, badDays)).default(30).describe("How many days of UTC, today included."),
  cursor: cursor([0, "sso"], z.int().min(0).max(differences.length), z.string().max(100)).optional(),
  limit,
});
