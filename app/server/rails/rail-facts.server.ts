import type { Role } from "~/core/permissions";
import { hasRails, mayPass, type RailFacts, railSentences } from "~/core/rails/guard-rails";
import { day } from "~/core/time";
import type { Services } from "~/server/services.server";
import { readRails, spansOfTenant } from "./rails.server";

/** What the forms for trials say of guard rails before they are sent. Null if none is set. */
export async function railFacts({ db, now }: Services, tenant: string, role: Role): Promise<RailFacts | null> {
  const rules = await readRails(db.readAside, db.tables);
  if (!hasRails(rules)) return null;
  // A tenant may have hundreds of trials. Those of a feature without a recent one matter to no limit.
  const since = now() - Math.max(rules.daysApart ?? 0, 1) * day;
  const all = await spansOfTenant(db.readAside, db.tables, tenant);
  const recent = new Set(all.filter(({ until }) => until > since).map(({ feature }) => feature));
  const spans = all.filter(({ feature }) => recent.has(feature));
  return { rules, role, spans, sentences: railSentences(rules), mayPass: mayPass(role, rules) };
}

/** Whether there are limits that this role may pass with a reason. */
export async function mayPassRails({ db }: Pick<Services, "db">, role: Role): Promise<boolean> {
  const rules = await readRails(db.readAside, db.tables);
  return hasRails(rules) && mayPass(role, rules);
}
