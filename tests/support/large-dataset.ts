import Sqlite from "better-sqlite3";
import pg from "pg";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { addOn, configFeature, feature, meteredFeature, plan } from "./facts";

const somebody = { kind: "cli", id: "dataset", name: "Dataset" } as const;
const dayMs = 86_400_000;

export type DatasetSize = { tenants: number; plans: number; features: number; entriesPerPlan: number; days: number };
export const largeSize: DatasetSize = { tenants: 100_000, plans: 1_000, features: 1_000, entriesPerPlan: 50, days: 30 };

export const tenantKey = (i: number) => `t${1_000_000 + i}`;
export const planKey = (i: number) => `plan${i}`;
export const featureKey = (i: number) => `f${i}`;

/** Fills an empty database. Tenants are generated in SQL: 100,000 take a few seconds. */
export async function fillLargeDataset(services: Services, url: string, size: DatasetSize = largeSize): Promise<void> {
  await putCatalogue(services, size);
  const sql = statements(services.db.engine, size, services.now());
  if (services.db.engine === "sqlite") {
    const file = new Sqlite(url.replace(/^file:/, ""), { timeout: 10_000 });
    file.exec(`begin; ${sql.join(";\n")}; commit; analyze`);
    file.close();
  } else {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    for (const statement of [...sql, "analyze"]) await client.query(statement);
    await client.end();
  }
}

const kinds = [
  (key: string, group: string) => feature(key, { name: `Feature ${key}`, group }),
  (key: string, group: string) => meteredFeature(key, { unit: "calls" }, { name: `Feature ${key}`, group }),
  (key: string, group: string) => configFeature(key, { kind: "number", better: "higher" }, { name: `Feature ${key}`, group }),
];
const values = [true, 100, 5];

async function putCatalogue(services: Services, { plans, features, entriesPerPlan }: DatasetSize): Promise<void> {
  const change = {
    features: Array.from({ length: features }, (_, i) => (kinds[i % 3] as (typeof kinds)[0])(featureKey(i), `Group ${i % 20}`)),
    plans: Array.from({ length: plans }, (_, i) => {
      const at = (n: number) => (i * 7 + n) % features;
      const entries = Object.fromEntries(Array.from({ length: entriesPerPlan }, (_, n) => [featureKey(at(n)), values[at(n) % 3] ?? true]));
      const isAddOn = i % 20 === 19;
      return (isAddOn ? addOn : plan)(planKey(i), entries, { name: `Plan ${i}`, rank: i });
    }),
  };
  await changeCatalogue(services, somebody, (_facts, stamp) => ({
    ok: true,
    change: catalogueChange("catalogue.imported", change, stamp, null),
  }));
}

/**
 * The same rows on both engines: two grants per tenant, an add-on for every tenth, and five counts per day for every
 * hundredth.
 */
function statements(engine: "sqlite" | "postgres", size: DatasetSize, now: number): string[] {
  const isLite = engine === "sqlite";
  const numbers = (n: number) => `with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${n})`;
  const at = (ms: string) => (isLite ? `(${ms})` : `to_timestamp((${ms}) / 1000.0)`);
  const json = (text: string) => (isLite ? text : `(${text})::json`);
  const yes = isLite ? "1" : "true";
  const no = isLite ? "0" : "false";
  const month = new Date(now - 20 * dayMs).toISOString().slice(0, 7);
  const newLine = isLite ? "char(10)" : "chr(10)";
  const key = (i = "i") => `'t' || (1000000 + ${i})`;
  const created = `${now} - ((i % 700) + 1) * ${dayMs}::bigint`.replace("::bigint", isLite ? "" : "::bigint");
  const basePlans = Math.max(1, Math.floor(size.plans * 0.95));
  // A few plans have most tenants.
  const planOf = (i = "i") => `'plan' || (case when ${i} % 2 = 0 then (${i} % 5) else (${i} % ${basePlans} / 20 * 20) end)`;
  const status = "case when i % 25 = 0 then 'suspended' when i % 33 = 0 then 'archived' else 'active' end";
  const region = "case when i % 20 = 0 then 'eu' else 'r' || (i % 20) end";
  const document = [
    `'{"revision":' || (1000 + i) || ',"key":"' || ${key()} || '","name":"Tenant ' || i || '","status":"' || (${status}) || '","plan":"'`,
    `${planOf()} || '","addOns":[],"metadata":{"region":"' || ${region} || '"},"createdAt":${now},"grants":[]}'`,
  ].join(" || ");
  const { tenants, features, days } = size;
  const isLong = "i % 6 = 0";
  // Of a tenant's two grants only the first may be live, and every fifth of all is an override.
  const isOnTrial = "i % 3 = 0 and i % 5 <> 0";
  const trialEnd = now + 20 * dayMs;
  return [
    `${numbers(tenants)} insert into tenants (key, name, status, plan, metadata, search_text, created_at, revision)
      select ${key()}, 'Tenant ' || i, ${status}, ${planOf()}, ${json(`'{"region":"' || ${region} || '"}'`)}, 'tenant ' || i || ${newLine} || ${key()}, ${at(created)}, 1000 + i from n`,
    `${numbers(tenants)} insert into tenant_search (tenant, folded_key, words)
      select ${key()}, ${key()}, '  tenant  ' || i || '  ' || ${key()} || '  ' || ${region} from n`,
    `${numbers(tenants)} insert into tenant_metadata (tenant, key, value) select ${key()}, 'region', ${region} from n`,
    `${numbers(tenants)} insert into facts_history (kind, subject, revision, recorded_at, document)
      select 'tenant', ${key()}, 1000 + i, ${at(created)}, ${json(document)} from n`,
    `${numbers(Math.floor(tenants / 10))} insert into tenant_add_ons (tenant, plan, added_at)
      select ${key("i * 10")}, 'plan' || (19 + (i % ${Math.max(1, Math.floor(size.plans / 20))}) * 20), ${at(String(now - dayMs))} from n`,
    `${numbers(tenants * 2)} insert into grants (id, tenant, feature, kind, effect, value, starts_at, ends_at, created_at, created_by)
      select 'gr_' || i, ${key("i / 2")}, 'f' || (case when i % 4 = 0 then 0 else (i % ${features} / 3 * 3) end),
        case when i % 5 = 0 then 'override' else 'trial' end, case when i % 5 = 0 then 'allow' end, ${json("'true'")},
        ${at(String(now - 20 * dayMs))}, case when ${isLong} then ${at(String(now + 20 * dayMs))} else ${at(String(now - 5 * dayMs))} end,
        ${at(String(now - 20 * dayMs))}, 'Dataset' from n`,
    // Figures as they would be computed, with refusals and full limits for some.
    `${numbers(tenants)} insert into tenant_stats (tenant, checks_30d, refused_30d, fullest_limit, window_day, computed_at, next_trial_end, trials_due_at)
      select ${key()}, 0, case when i % 7 = 0 then i % 5000 else 0 end, case when i % 30 = 0 then (i % 200) * 100 else -1 end, '', ${at("0")},
        case when ${isOnTrial} then ${trialEnd} else ${Number.MAX_SAFE_INTEGER} end, case when ${isOnTrial} then ${at(String(trialEnd))} end from n`,
    // As the first computation of outcomes would leave them, without conversions.
    `insert into trial_outcomes (grant_id, tenant, feature, given_by, started_at, month, ends_at, extensions, ended_early, outcome, revision, is_settled, computed_at)
      select id, tenant, feature, created_by, starts_at, '${month}', ends_at, 0, ${no}, case when ends_at > ${at(String(now))} then 'running' else 'open' end,
        0, ${no}, starts_at from grants where kind = 'trial'`,
    ...["feature", "person", "all"].map((dimension) => {
      const value = { feature: "feature", person: "given_by", all: "''" }[dimension];
      return `insert into trial_counts (month, dimension, value, granted, used, converted, extended, lapsed, open, running, days_to_use)
        select month, '${dimension}', ${value}, count(*), 0, 0, 0, 0, sum(case when outcome = 'open' then 1 else 0 end),
          sum(case when outcome = 'running' then 1 else 0 end), ${json("'{}'")} from trial_outcomes group by month${dimension === "all" ? "" : `, ${value}`}`;
    }),
    `${numbers(Math.floor(tenants / 100) * days * 5)} insert into check_counts (tenant, day, feature, allowed, source, count, first_at, last_at)
      select ${key(`i / ${days * 5} * 100`)}, ${isLite ? `strftime('%Y-%m-%d', ${now / 1000} - (i / 5 % ${days}) * 86400, 'unixepoch')` : `to_char(to_timestamp(${now / 1000} - (i / 5 % ${days}) * 86400) at time zone 'UTC', 'YYYY-MM-DD')`},
        'f' || ((i % 5) * 3), ${yes}, 'plan', 1 + i % 90, ${at(String(now))}, ${at(String(now))} from n`,
    `${numbers(tenants)} insert into changes (kind, subject, at) select 'tenant', ${key()}, ${at(created)} from n`,
    `${numbers(tenants)} insert into audit (at, actor_kind, actor_id, actor_name, action, subject_kind, subject)
      select ${at(created)}, 'admin', 'adm_' || (i % 20), 'Admin ' || (i % 20), case when i % 3 = 0 then 'tenant.created' else 'trial.granted' end,
        'tenant', ${key()} from n`,
    `${numbers(tenants)} insert into outbox (topic, subject, revision, created_at, attempts)
      select 'group_sync', ${key()}, 1000 + i, ${at(String(now))}, 0 from n`,
    `${numbers(tenants)} insert into usage_totals (tenant, feature, period_kind, period_start, used, updated_at)
      select ${key()}, 'f1', 'never', -1, i % 200, ${at(String(now))} from n`,
    `${numbers(tenants)} insert into usage_events (tenant, idempotency_key, feature, report, recorded_at, at, period_kind, period_start, added)
      select ${key("i / 10")}, 'k' || i, 'f1', ${json("'{}'")}, ${at(String(now - dayMs))}, ${at(String(now - dayMs))}, 'never', -1, 1 from n`,
    `${numbers(tenants)} insert into group_syncs (tenant, revision, sent_at, properties)
      select ${key()}, 1000 + i, ${at(String(now))}, ${json("'{}'")} from n`,
    `${numbers(tenants)} insert into flag_values (tenant, flag, state, seen_at) select ${key()}, 'flag-1', 'on', ${at(String(now))} from n`,
    // Of every third tenant a change to come, and some that were impossible. The facts have none, so pages skip them.
    `${numbers(Math.floor(tenants / 3))} insert into scheduled_changes (id, tenant, at, problem)
      select 'sc_' || i, ${key("i * 3")}, ${at(`${now} + (i % 300 - 20) * 3600000`)}, case when i % 300 < 20 then 'plan_archived' end from n`,
    `${numbers(Math.floor(tenants / 3))} insert into scheduled_plans (plan, change_id, tenant, at)
      select ${planOf()}, 'sc_' || i, ${key("i * 3")}, ${at(`${now} + (i % 300 - 20) * 3600000`)} from n`,
    `${numbers(tenants)} insert into flag_readings (tenant, flag, at, reading)
      select ${key()}, 'flag-1', ${at(String(now - dayMs))}, ${json(`'{"state":"on"}'`)} from n`,
  ];
}
