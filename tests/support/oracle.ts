import type { Decision } from "~/core/decision/decide";
import type { Feature, Grant, Json, Plan, TenantFacts } from "~/core/model";
import type { World } from "./worlds";

/*
 * The oracle: the design's rules implemented again as plainly as possible. It shares only types with the program, so
 * that a mistake must be made twice to go unnoticed.
 */
export type Verdict = Omit<Decision, "sources"> & { sources: string[] };
type Claim = { who: string; ids: string[]; gives: Json; until: number | null; order: number };

const day = 86_400_000;

export function oracle(w: World): Verdict {
  const f = w.facts.features.find((x) => x.key === w.asked);
  const blank = { feature: w.asked, source: null, expiresAt: null, validUntil: null, availableIn: [], isStale: false, sources: [] };
  if (!w.tenant) return { ...blank, type: null, entitled: false, reason: "tenant_not_found" };
  if (!f) return { ...blank, type: null, entitled: false, reason: "feature_not_found" };
  const tenant = whoIsAt(w.tenant, w.facts.plans, w.now);
  const coming = (w.tenant.scheduled ?? []).filter((s) => s.at > w.now && s.problem === undefined).map((s) => s.at);

  // The inputs.
  const mine = tenant.grants.filter((g) => g.feature === f.key);
  const live = mine.filter(
    (g) => g.startsAt <= w.now && !(g.endsAt !== null && g.endsAt <= w.now) && !(g.endedAt !== null && g.endedAt <= w.now),
  );
  // A change never makes two at once; if there are two, the newer one applies.
  const over = live.filter((g) => g.kind === "override").at(-1);
  const trials = live.filter((g) => g.kind === "trial");
  const base = [tenant.plan].flatMap((key) => claimOf(w.facts.plans, key, f.key, "plan"));
  const extras = tenant.addOns.flatMap(({ plan }) => claimOf(w.facts.plans, plan, f.key, "add_on"));
  const flag = flagSays(f, w);
  const isGranted = base.length + extras.length + trials.length > 0;
  const isAsked = f.flag !== null && f.archivedAt === null && !(f.type === "boolean" && f.flag.rule === "grant" && isGranted);
  const flagGives = flagValue(f, flag);

  // Sources and winner.
  const inOrder = f.type === "config" && rankOf(f, 0) === null;
  const claims: Claim[] = [];
  if (f.type === "metered") {
    const parts = [...base, ...extras];
    const sum = parts.reduce((total, p) => total + size(p.gives), 0);
    if (parts.length > 0)
      claims.push({ who: base.length > 0 ? "plan" : "add_on", ids: parts.map((p) => p.id), gives: asLimit(sum), until: null, order: 1 });
  } else {
    for (const p of base) claims.push({ who: "plan", ids: [p.id], gives: p.gives, until: null, order: inOrder ? 2 : 1 });
    extras.forEach((p, i) => {
      claims.push({ who: "add_on", ids: [p.id], gives: p.gives, until: null, order: inOrder ? 1 - i / 100 : 2 - i / 100 });
    });
  }
  for (const t of trials) {
    if (t.kind === "trial") claims.push({ who: "trial", ids: [t.id], gives: t.value, until: endOf(t), order: inOrder ? 0 : 3 });
  }
  if (isAsked && flag.grants === "on" && fits(f, flagGives)) {
    claims.push({ who: "flag", ids: ["flag"], gives: flagGives as Json, until: null, order: 4 });
  }
  const [best] = claims.sort(
    (a, b) =>
      (f.type === "boolean" ? 0 : (rankOf(f, b.gives) ?? 0) - (rankOf(f, a.gives) ?? 0)) ||
      a.order - b.order ||
      (b.until ?? 0) - (a.until ?? 0) ||
      (a.ids.join() < b.ids.join() ? -1 : 1),
  );

  // The rules in order.
  const table: [boolean, boolean, string, string | null][] = [
    [f.archivedAt !== null, false, "feature_archived", null],
    [tenant.status === "suspended", false, "tenant_suspended", null],
    [tenant.status === "archived", false, "tenant_archived", null],
    [over?.kind === "override" && over.effect === "allow", true, "override", "override"],
    [over?.kind === "override" && over.effect === "deny", false, "override", "override"],
    [flag.gates === "off", false, "flag_off", "flag"],
    [best?.who === "plan", true, "plan", "plan"],
    [best?.who === "add_on", true, "add_on", "add_on"],
    [best?.who === "trial", true, "trial", "trial"],
    [best?.who === "flag", true, "flag_on", "flag"],
    [true, false, "not_in_plan", null],
  ];
  const [, entitled, reason, source] = table.find(([matches]) => matches) as (typeof table)[number];
  const gives = source === "override" && over && "value" in over ? over.value : best?.gives;

  const marks = source === "override" ? [over?.id] : reason === "flag_off" ? ["flag"] : entitled ? (best?.ids ?? []) : [];
  const lines: [string, string][] = [
    ...[...base, ...extras].map((p): [string, string] => [p.id, `${p.id} from ${p.from} gives ${JSON.stringify(p.gives)}`]),
    ...[over, ...trials].flatMap((g): [string, string][] => {
      if (!g) return [];
      return [[g.id, `${g.kind} ${g.id} gives ${"value" in g ? JSON.stringify(g.value) : "nothing"} until ${endOf(g)}`]];
    }),
  ];
  if (f.flag) {
    const wasAsked = w.flag !== undefined;
    const isShown = wasAsked ? flag.state === "on" : flag.grants === "on";
    const shown = isShown && flagGives !== undefined ? JSON.stringify(flagGives) : "nothing";
    lines.push([
      "flag",
      isAsked
        ? `flag ${wasAsked ? flag.state : "not_asked"} gives ${shown}${flag.isStale ? " stale" : ""}`
        : "flag not_asked gives nothing",
    ]);
  }
  const verdict: Verdict = {
    ...blank,
    type: f.type,
    entitled,
    reason: reason as Decision["reason"],
    source: source as Decision["source"],
    expiresAt: source === "override" && over ? endOf(over) : source === "trial" ? (best?.until ?? null) : null,
    validUntil: nextInstant(f, mine, isAsked ? flag.lapse : null, w.now, coming),
    isStale: isAsked && flag.isStale,
    sources: lines.map(([id, line]) => (marks.includes(id) ? `${line} *` : line)).sort(),
  };
  if (reason === "not_in_plan") verdict.availableIn = offered(w, f, () => true);
  if (entitled && f.type === "config") verdict.value = gives as Json;
  if (!entitled && f.type === "metered") {
    const { resetPeriod, soft } = f.meter;
    verdict.consumption = { used: w.usage.used, remaining: 0, resetPeriod, resetsAt: nextReset(resetPeriod, w.now), softLimit: soft };
  }
  if (entitled && f.type === "metered") {
    const limit = size(gives as Json);
    const left = Math.max(0, limit - w.usage.used);
    verdict.amount = {
      limit: asLimit(limit),
      used: w.usage.used,
      remaining: asLimit(left),
      resetPeriod: f.meter.resetPeriod,
      resetsAt: nextReset(f.meter.resetPeriod, w.now),
      softLimit: f.meter.soft,
    };
    if (w.usage.used + (w.requested ?? 1) > limit && !f.meter.soft) {
      verdict.entitled = false;
      verdict.reason = "limit_reached";
      const held = [tenant.plan, ...tenant.addOns.map((a) => a.plan)];
      const sumOf = (parts: { gives: Json }[]) => parts.reduce((total, p) => total + size(p.gives), 0);
      const needed = w.usage.used + (w.requested ?? 1);
      // A plan replaces the plan, an add-on is added; no plan overrides an override.
      verdict.availableIn = offered(w, f, (p, value) => {
        if (held.includes(p.key) || source === "override") return false;
        return size(value) + sumOf(extras) + (p.kind === "add_on" ? sumOf(base) : 0) >= needed;
      });
    }
  }
  return verdict;
}

type Who = Pick<TenantFacts, "status" | "plan" | "grants"> & { addOns: { plan: string }[] };

/** What is scheduled happens at its instant, whole or not at all. */
function whoIsAt(facts: TenantFacts, plans: Plan[], now: number): Who {
  const who = { status: facts.status, plan: facts.plan, addOns: facts.addOns.map((a) => ({ plan: a.plan })), grants: facts.grants };
  const due = (facts.scheduled ?? []).filter((s) => s.problem === undefined && now >= s.at);
  for (const s of due
    .map((s, i) => [s, i] as const)
    .sort(([a, i], [b, j]) => a.at - b.at || i - j)
    .map(([s]) => s)) {
    const canGive = (key: string, kind: string) =>
      plans.some((p) => p.key === key && p.kind === kind && !(p.archivedAt !== null && p.archivedAt <= s.at));
    const adds = (s.addOns?.add ?? []).filter((key) => who.addOns.every((a) => a.plan !== key));
    const planIsFine = s.plan === undefined || s.plan === null || s.plan === who.plan || canGive(s.plan, "base");
    if (!planIsFine || !adds.every((key) => canGive(key, "add_on"))) continue;
    if (s.plan !== undefined) who.plan = s.plan;
    if (s.status !== undefined) who.status = s.status;
    const removed = (s.addOns?.remove ?? []).filter((key) => !s.addOns?.add.includes(key));
    who.addOns = who.addOns.filter((a) => !removed.includes(a.plan));
    for (const key of adds) who.addOns.push({ plan: key });
  }
  return who;
}

const endOf = (g: Grant) => {
  const ends = [g.endsAt, g.endedAt].filter((x) => x !== null);
  return ends.length === 0 ? null : Math.min(...ends);
};
const size = (limit: Json) => (limit === "unlimited" ? Number.POSITIVE_INFINITY : (limit as number));
const asLimit = (n: number) => (n === Number.POSITIVE_INFINITY ? ("unlimited" as const) : n);

/** A value's rank as a number; null if only the order of sources decides. */
function rankOf(f: Feature, value: Json): number | null {
  if (f.type === "metered") return Math.min(size(value), 1e300);
  if (f.type !== "config" || f.config.kind === "json") return null;
  if (f.config.kind === "number") return f.config.better === "higher" ? (value as number) : -(value as number);
  return f.config.options.length === 0 ? null : f.config.options.indexOf(value as string);
}

function ownOrInherited(plans: Plan[], key: string | null, wanted: string, depth = plans.length): { from: string; gives: Json } | null {
  const plan = plans.find((p) => p.key === key);
  if (!plan || depth === 0) return null;
  const own = plan.entries.find((e) => e.feature === wanted);
  return own ? { from: plan.key, gives: own.value } : ownOrInherited(plans, plan.includes, wanted, depth - 1);
}

function claimOf(plans: Plan[], key: string | null, wanted: string, as: string) {
  const found = ownOrInherited(plans, key, wanted);
  return found ? [{ id: `${as} ${key}`, ...found }] : [];
}

function offered(w: World, f: Feature, isWorthIt: (plan: Plan, value: Json) => boolean): string[] {
  const worthy = w.facts.plans.filter((p) => {
    const given = ownOrInherited(w.facts.plans, p.key, f.key);
    return p.archivedAt === null && given !== null && isWorthIt(p, given.gives);
  });
  return worthy
    .map((p) => [p.rank, p.key] as const)
    .sort()
    .map(([, key]) => key);
}

function flagSays(f: Feature, w: World) {
  const none = { state: "unknown", gates: "none", grants: "none", isStale: false, lapse: null as number | null };
  if (!f.flag) return none;
  const { rule, whenUnknown } = f.flag;
  const isKnown = w.flag !== undefined && w.flag.state !== "unknown";
  const last = w.flag?.last;
  const state = isKnown ? w.flag?.state : whenUnknown !== "last" ? whenUnknown : last?.state;
  if (state === undefined) return none;
  const isStale = !isKnown && whenUnknown === "last";
  const from = isKnown ? w.flag : isStale ? last : undefined;
  const lapse = isStale && state === "on" && rule !== "gate" && last ? last.seenAt + day : null;
  const hasLapsed = lapse !== null && lapse <= w.now;
  if (hasLapsed && rule === "grant") return none;
  const grants = rule === "gate" || hasLapsed ? "none" : state;
  return { state, gates: rule === "grant" ? "none" : state, grants, isStale, lapse, payload: from?.payload, variant: from?.variant };
}

function flagValue(f: Feature, flag: { state?: string; payload?: Json; variant?: string }): Json | undefined {
  if (flag.state !== "on") return undefined;
  if (f.type === "boolean") return true;
  const isText = f.type === "config" && f.config.kind === "text";
  return flag.payload === undefined && isText ? flag.variant : flag.payload;
}

function fits(f: Feature, value: Json | undefined): boolean {
  if (value === undefined || value === null) return false;
  if (f.type === "boolean") return true;
  if (f.type === "metered") return value === "unlimited" || (typeof value === "number" && /^\d+$/.test(String(value)) && value < 2 ** 53);
  if (f.config.kind === "json") return true;
  if (f.config.kind === "number") return typeof value === "number";
  return typeof value === "string" && (f.config.options.length === 0 || f.config.options.some((o) => o === value));
}

/** Advances the clock until the period changes. */
function nextReset(period: string, now: number): number | null {
  if (period === "never") return null;
  const face = (t: number) => new Date(t).toISOString();
  const shown = { hour: 13, day: 10, week: 10, month: 7, year: 4 }[period];
  const stride = period === "hour" ? day / 24 : day;
  let t = Date.parse(period === "hour" ? `${face(now).slice(0, 13)}:00:00Z` : `${face(now).slice(0, 10)}T00:00:00Z`);
  do t += stride;
  while (period === "week" ? new Date(t).getUTCDay() !== 1 : face(t).slice(0, shown) === face(now).slice(0, shown));
  return t;
}

function nextInstant(f: Feature, grants: Grant[], lapse: number | null, now: number, coming: number[]): number | null {
  const some: (number | null)[] = [...coming, lapse, f.type === "metered" ? nextReset(f.meter.resetPeriod, now) : null];
  for (const g of grants) if (!((endOf(g) ?? Number.POSITIVE_INFINITY) <= g.startsAt)) some.push(g.startsAt, endOf(g));
  const [first] = some.filter((t): t is number => t !== null && t > now).sort((a, b) => a - b);
  return first ?? null;
}
