import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, TenantFacts } from "~/core/model";
import { inForce, planGives, type Version } from "~/core/trials/trial-chains";
import { catalogueThen } from "~/server/checks/point-in-time.server";
import type { Services } from "~/server/services.server";
import { catalogueVersionsBetween } from "~db/store/facts.server";
import { tenantHistories } from "~db/store/trial-history.server";

/** A chain that ended at `from`; conversions count before `to`. */
export type EndedTrial = { grant: string; tenant: string; feature: string; from: Instant; to: Instant };

/** A version and the time in which it was in force. */
type Span<Document> = { document: Document; from: Instant; to: Instant };

function spansOf<Document>(versions: Version<Document>[]): Span<Document>[] {
  const inOrder = inForce(versions);
  return inOrder.map(({ at, document }, i) => ({ document, from: at, to: inOrder[i + 1]?.at ?? Number.POSITIVE_INFINITY }));
}

/**
 * The grants whose feature the plan or an add-on gave at some instant in `[from, to)` that is not after `now`. Only a
 * change of tenant or catalogue can bring that about, or one that was scheduled, so each pair of documents is decided once,
 * and once per scheduled change. Each past catalogue is compiled once.
 */
export async function convertedAmong(
  services: Pick<Services, "db" | "facts">,
  trials: readonly EndedTrial[],
  now: Instant,
): Promise<Set<string>> {
  const { readAside: q, tables: t } = services.db;
  const converted = new Set<string>();
  if (trials.length === 0) return converted;
  const first = Math.min(...trials.map(({ from }) => from));
  const last = Math.max(...trials.map(({ to }) => to));
  const versions = await catalogueVersionsBetween(q, t, first, last);
  const catalogues = spansOf(versions.map((version) => ({ ...version, document: version.at })));
  const histories = await tenantHistories(q, t, trials);
  const tenants = new Map([...histories].map(([grant, versions]) => [grant, spansOf(versions)]));
  for (const span of catalogues) {
    const open = trials.filter(({ grant, from, to }) => !converted.has(grant) && span.to > from && span.from < to);
    if (open.length === 0) continue;
    const catalogue = await catalogueThen(services, span.document);
    for (const trial of open) if (isGivenWithin(trial, tenants.get(trial.grant) ?? [], catalogue, span, now)) converted.add(trial.grant);
  }
  return converted;
}

function isGivenWithin(
  { feature, from, to }: EndedTrial,
  tenants: Span<TenantFacts>[],
  catalogue: Catalogue,
  span: Span<unknown>,
  now: Instant,
): boolean {
  return tenants.some(({ document, ...tenant }) => {
    const first = Math.max(from, tenant.from, span.from);
    const end = Math.min(to, tenant.to, span.to);
    const scheduled = (document.scheduled ?? []).map(({ at }) => at).filter((at) => at > first && at <= now);
    return [first, ...scheduled].some((at) => at < end && planGives(document, catalogue, feature, at));
  });
}
