import { limitWords } from "~/core/decision/reason-message";
import type { Limit } from "~/core/model";
import type { UsageItem } from "./answers-of-api";

// How pages write figures that the API answers.

type Filled = Pick<UsageItem, "limit" | "percent" | "projected">;

export const numberText = (n: number): string => n.toLocaleString("en");
export const tenantsText = (n: number): string => `${numberText(n)} ${n === 1 ? "tenant" : "tenants"}`;
export const percentOf = (percent: number): string => `${numberText(Math.floor(percent))} %`;
export const limitText = (limit: Limit | null): string => (limit === null ? "not included" : limitWords(limit));

export const fillText = ({ limit, percent }: Pick<Filled, "limit" | "percent">): string =>
  percent !== null ? percentOf(percent) : limit === "unlimited" ? "unlimited" : "no limit";

export const projectedText = ({ limit, projected }: Pick<Filled, "limit" | "projected">): string =>
  projected === null ? "–" : `${numberText(projected)}${typeof limit === "number" && projected > limit ? ", over" : ""}`;
