import { z } from "zod";
import { isDay } from "./trial-filters";

/** "2026-12" */
export const utcMonth = z
  .string()
  .regex(/^\d{4}-\d\d$/)
  .refine((text) => isDay(`${text}-01`) && text >= "1970-01");
