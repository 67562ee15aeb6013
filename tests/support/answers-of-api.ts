import type { GrantState } from "~/core/grants/grant-lifetime";
import type { Feature, Instant, Limit, Plan, TenantStatus, Value } from "~/core/model";

/** Answers a GET of the API. */
export type ReadApi = <T>(path: string) => Promise<T>;

type Grant = {
  id: string;
  kind: "trial" | "override";
  feature: string;
  value?: Value;
  effect?: "allow" | "deny";
  startsAt: string;
  endsAt: string | null;
  endedAt: string | null;
  extends: string | null;
  createdBy: string;
  bundle?: { id: string; plan: string };
};
export type GrantItem = { tenant: string; state: GrantState; grant: Grant };
export type TenantItem = { key: string; name: string; status: TenantStatus; plan: string | null; addOns: string[] };

export type EntitlementItem = {
  entitled: boolean;
  value?: Value;
  limit?: Limit;
  used?: number;
  resetsAt?: string | null;
  source: string | null;
  reason: { code: string };
  sources: { source: string; effect?: "allow" | "deny" }[];
};

/** Use of a metered feature. `limit` and `percent` null: the tenant does not have it; `percent` null also without a limit. */
export type UsageItem = {
  tenant: string;
  feature: string;
  used: number;
  limit: Limit | null;
  percent: number | null;
  previous: number | null;
  projected: number | null;
  resetsAt: string | null;
};
export type ConsumptionItem = Omit<UsageItem, "tenant" | "previous"> & { setAt: string | null };

/** What the API answers about all tenants at an instant. */
export type ApiAnswers = {
  now: Instant;
  features: Feature[];
  plans: Plan[];
  tenants: TenantItem[];
  entitlements: Map<string, Map<string, EntitlementItem>>;
  /** By tenant. */
  consumption: Map<string, ConsumptionItem[]>;
  /** By end and id. */
  grants: GrantItem[];
  usage: UsageItem[];
};

export const featureIn = ({ features }: ApiAnswers, key: string): Feature => features.find((one) => one.key === key) as Feature;
export const planNameIn = ({ plans }: ApiAnswers, key: string): string => plans.find((one) => one.key === key)?.name ?? key;

export async function readAllItems<T>(get: ReadApi, path: string): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ; ) {
    const query: string = cursor === null ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`;
    const page = await get<{ items: T[]; next: string | null }>(`${path}${query}`);
    items.push(...page.items);
    cursor = page.next;
    if (cursor === null) return items;
  }
}

export async function readEntitlements(get: ReadApi, tenant: string): Promise<Map<string, EntitlementItem>> {
  const answer = await get<{ entitlements: { [feature: string]: EntitlementItem } }>(`/api/entitlements?tenant=${tenant}`);
  return new Map(Object.entries(answer.entitlements));
}

export async function readAnswers(get: ReadApi, now: Instant): Promise<ApiAnswers> {
  // A list has what is scheduled once it is written into rows; a tenant by itself has it from its instant on.
  const listed = await readAllItems<TenantItem>(get, "/api/tenants");
  const tenants = await Promise.all(listed.map(({ key }) => get<TenantItem>(`/api/tenants/${key}`)));
  const answers: ApiAnswers = {
    now,
    features: await readAllItems(get, "/api/features"),
    plans: await readAllItems(get, "/api/plans"),
    tenants,
    entitlements: new Map(),
    consumption: new Map(),
    grants: await readAllItems(get, "/api/grants"),
    usage: await readAllItems(get, "/api/usage/tenants"),
  };
  for (const { key } of tenants) {
    answers.entitlements.set(key, await readEntitlements(get, key));
    const summary = await get<{ consumption: ConsumptionItem[] }>(`/api/tenants/${key}/usage`);
    answers.consumption.set(key, summary.consumption);
  }
  return answers;
}

/** The actual end. */
export const endOfItem = ({ grant: { endsAt, endedAt } }: GrantItem): string | null =>
  endedAt !== null && (endsAt === null || endedAt < endsAt) ? endedAt : endsAt;

/** A trial, or the first of a bundle's trials that start and end together. `size`: how many these are. */
export type TrialLine = GrantItem & { end: string; size: number };

/** Trials as lists show them, by end and id. */
export function trialLines({ grants }: ApiAnswers, isShown: (trial: GrantItem, end: string) => boolean): TrialLine[] {
  const lines = new Map<string, TrialLine>();
  for (const item of grants) {
    const { id, kind, bundle, startsAt, createdBy } = item.grant;
    const end = endOfItem(item);
    if (kind !== "trial" || end === null || !isShown(item, end)) continue;
    const key = bundle ? [item.tenant, bundle.id, startsAt, end, createdBy].join() : id;
    const line = lines.get(key);
    if (line) line.size += 1;
    else lines.set(key, { ...item, end, size: 1 });
  }
  return [...lines.values()];
}

/** True if the trial could be live and no other one extends it. */
export const isLastTrial = ({ grants }: ApiAnswers, { grant }: GrantItem, end: string): boolean =>
  end > grant.startsAt && !grants.some((other) => other.grant.extends === grant.id);
