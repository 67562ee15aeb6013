import { csvHead, csvText } from "~/core/csv";
import { isoOrNull, isoTime } from "~/core/time";
import type { TenantUsageData } from "./check-history.server";

/** One table for a spreadsheet: `part` says what a row is about. */
export function tenantUsageCsv({ consumption, bars, features, sources, trials, notAsked, moreNotAsked, cut }: TenantUsageData): string {
  const row = (part: string, name: string, from: string | null, values: (string | number | null)[]) => [part, name, from, ...values];
  const head = csvHead(["part", "name", "from", "allowed", "refused", "used", "limit", "projected"]);
  const rows = csvText([
    ...consumption.flatMap(({ feature, limit, projected, history }) =>
      history.map(({ start, used }, i) => {
        const isCurrent = i === history.length - 1;
        return row("limit", feature, isoOrNull(start), [null, null, used, isCurrent ? limit : null, isCurrent ? projected : null]);
      }),
    ),
    ...bars.map(({ label, allowed, refused }) => row("day", label, label, [allowed, refused, null, null, null])),
    ...features.map((f) => row("feature", f.key, isoTime(f.firstAt), [f.allowed, f.refused, null, null, null])),
    ...sources.map((s) => row("source", s.source, null, [s.allowed ? s.count : 0, s.allowed ? 0 : s.count, null, null, null])),
    ...trials.map((t) => row("trial", t.feature, t.from, [t.checks, null, t.added, null, null])),
    ...notAsked.map(({ key }) => row("not_asked", key, null, [0, 0, null, null, null])),
    ...(moreNotAsked > 0 ? [row("cut", `${moreNotAsked} more features that no check named`, null, empty)] : []),
    ...cut.map((part) => row("cut", part, null, empty)),
  ]);
  return head + rows;
}

const empty = [null, null, null, null, null];

export function tenantUsageJson(tenant: string, { features, consumption, events: _, ...rest }: TenantUsageData): string {
  const document = {
    tenant,
    ...rest,
    consumption: consumption.map(({ setAt, history, ...c }) => ({
      ...c,
      setAt: isoOrNull(setAt),
      history: history.map(({ start, used }) => ({ start: isoOrNull(start), used })),
    })),
    features: features.map(({ key, allowed, refused, firstAt, lastAt }) => ({
      ...{ feature: key, allowed, refused, firstAt: isoTime(firstAt), lastAt: isoTime(lastAt) },
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
