import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noApprovals } from "~/core/approvals/approvals";
import type { Feature } from "~/core/model";
import { requestStates } from "~/core/requests/request";
import { day } from "~/core/time";
import { webhookEventNames } from "~/core/webhooks/event-types";
import { paths } from "~/paths";
import { beginSession } from "~/server/admins/sessions.server";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { createBulk } from "~/server/bulk/bulk.server";
import { grantBulkRequest, isBulkRequest } from "~/server/bulk/bulk-approval.server";
import { createImpact } from "~/server/catalogue/impacts.server";
import { askForTrial } from "~/server/requests/ask.server";
import { withdrawRequest } from "~/server/requests/decide.server";
import { findRequest, requestsAfter } from "~/server/requests/inbox.server";
import type { Services } from "~/server/services.server";
import { findAct } from "~/server/undo/undo.server";
import { createUndoJob, undoAgain } from "~/server/undo/undo-job.server";
import { createEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { insertAdmin } from "~db/store/admins.server";
import { rowsOfChangeSet } from "~db/store/change-sets.server";
import { type FakePosthog, startFakePosthog } from "./fake-posthog/start";
import { type Api, ada, startApi } from "./support/api";
import { operator, queueBulk } from "./support/bulk-world";
import { queueCsv, uploadCsv } from "./support/csv-world";
import { describedApi } from "./support/described-api";
import { feature, meteredFeature, plan } from "./support/facts";
import { featureKey, fillLargeDataset, planKey, tenantKey } from "./support/large-dataset";
import { pageAddresses } from "./support/page-addresses";
import { recordStatements } from "./support/recorded-statements";
import { remixBuild } from "./support/remix-build";
import { right } from "./support/right-requests";
import { explainOn } from "./support/rows-read";
import { engines } from "./support/services";
import { createWalk } from "./support/walk";

const maxRows = 10_000;
/** Filling 100,000 tenants, and all pages and operations with a plan of each statement, on a busy machine. */
const maxMs = 900_000;

/** Undoes a large act, then once more those that were skipped. */
async function undoOf(services: Services, changeSet: string, isPreview: boolean): Promise<void> {
  const [first] = await rowsOfChangeSet(services.db.read, services.db.tables, changeSet, 1);
  const found = await findAct(services, first?.seq ?? 0);
  if (!found?.ok || !found.isLarge) throw new Error("The act is not large.");
  const created = await createUndoJob(services, ada, found, { isPreview, partial: false, zone: "UTC" });
  if (!created.ok) throw new Error(created.message);
  await services.jobs.runAll();
  await undoAgain(services, ada, created.job, "skipped");
  await services.jobs.runAll();
}

const keyActor = { kind: "api_key", id: "key_app", name: "App" } as const;

/** A year of requests, most of them of one tenant. Returns one that ada may withdraw. */
async function manyRequests(services: Services): Promise<string> {
  const { db, now } = services;
  const batchSize = 1_000;
  const rowOf = (i: number): typeof db.tables.requests.$inferInsert => {
    const createdAt = new Date(now() - i * 1_500_000);
    const act = { act: "try_feature", feature: featureKey(i % 300) };
    const tenant = i % 3 === 0 ? tenantKey(i % 900) : tenantKey(40);
    const decided = i > 40 ? { state: "refused" as const, decidedAt: createdAt, decidedBy: "Ada" } : { state: "waiting" as const };
    return { id: `rq_${i}`, kind: "feature", tenant, act, actor: keyActor, createdAt, ...decided };
  };
  for (let from = 0; from < 20_000; from += batchSize) {
    const rows = Array.from({ length: batchSize }, (_, i) => rowOf(from + i));
    await db.transaction([], async (tx) => void (await tx.insert(db.tables.requests).values(rows)));
  }
  const act = { act: "grant_trial" as const, features: [{ feature: "sso" }], days: 14, startsAt: null, endsAt: null };
  const asked = await askForTrial(services, ada, { tenant: "acme", act, note: null });
  if (!asked.ok) throw new Error(asked.message);
  return asked.request.id;
}

/** Keeps a bulk act as a request, previews it, and approves it, as the maker of another key. */
async function holdBulk(services: Services): Promise<void> {
  await saveApprovals(services, ada, { ...noApprovals, bulkTenants: 1 });
  const keys = [tenantKey(40), tenantKey(41)];
  const held = await createBulk(services, keyActor, {
    ...{ act: { act: "resync" as const }, note: null, isPreview: false },
    selection: { kind: "keys", keys },
  });
  const request = held.ok || !held.request ? null : await findRequest(services, held.request.id);
  if (!request || !isBulkRequest(request)) throw new Error("It was not kept.");
  const granted = await grantBulkRequest(services, ada, request, null);
  if (!granted.ok) throw new Error(granted.message);
  await services.jobs.runAll();
  await saveApprovals(services, ada, noApprovals);
}

/** Statements that read more, all of them on threads or connections that answer no check, and why that is so. */
const exceptions: { [reason: string]: RegExp } = {
  "the total of a list of tenants, which its page shows": /^select count\(\*\) from "tenants"/,
  "the total of what waits for PostHog, which its page shows": /^select count\(\*\) from "outbox"/,
  "counts per plan and status, read at most every 10 s": /^select "plan", "status", count\(\*\) from "tenants" group by/,
  "words of one or two characters, which have no trigram": /"words" like/,
  "tenants of a bulk act, which the worker process reads once, in order of key":
    /^select "key" from "tenants" where .* order by "tenants"\."key"/,
  "tenants of a bulk act over trials by their outcome, which the worker process reads once, in order of key":
    /^select distinct "tenant" from "trial_outcomes" where .* order by "trial_outcomes"\."tenant"/,
  "part of a name, which no index of both engines finds": /"search_text" like/,
  "tenants with a live trial in order of name: there are more than 10,000": /in \(select "tenant" from "grants"/,
  "live trials in order of their start, of which those that are live are sorted": /order by coalesce\("grants"\."starts_at"/,
  "some thousands of tenants, for which PostgreSQL reads the table rather than look each up":
    /^select "key", count\(\*\) over \(\) from \(select .* in \(select "tenant" from "tenant_(add_ons|metadata)"/,
  "checks by 500 tenants of an impact: of the 1,000 that have any here, PostgreSQL reads the table for so many":
    /^select "tenant", "feature", "allowed", sum\("count"\) from "check_counts" where \("check_counts"\."tenant" in/,
  "scheduled changes that are due, which are written into rows each second: PostgreSQL takes a third of a table it has no figures of":
    /^select distinct "tenant" from "scheduled_changes" where \("scheduled_changes"\."at" <=/,
};

const recorder = recordStatements();
afterAll(() => recorder.restore());

describe.each(engines)("on %s at 100,000 tenants", (engine) => {
  let api: Api;
  let fake: FakePosthog;
  beforeAll(async () => {
    fake = await startFakePosthog();
    const posthog = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin };
    api = await startApi(engine, { build: await remixBuild(), variables: { ...posthog, LATCHKEY_RATE_LIMIT: "0" } });
    await fillLargeDataset(api.services, api.url, { tenants: 100_000, plans: 200, features: 300, entriesPerPlan: 50, days: 30 });
    await api.catalogue([feature("sso"), meteredFeature("calls")], [plan("starter", { sso: true, calls: 100 })]);
    await api.tenant("acme", { plan: "starter" });
    // The feed of the rows that were filled in is read before anything is recorded.
    await api.get("/api/entitlements?tenant=acme&feature=sso");
  }, maxMs);
  afterAll(async () => {
    await api.stop();
    await fake.close();
  });

  async function ownersCookie(): Promise<string> {
    const { services } = api;
    const { db } = services;
    const owner = { id: "adm_owner", email: "owner@example.com", name: "The owner", role: "owner" as const, createdBy: "test" };
    const cookie = await db.transaction([], async (tx) => {
      await insertAdmin(tx, db.tables, { ...owner, createdAt: new Date(services.now()), passwordHash: "none" });
      return beginSession(tx, services, owner.id, new Request(api.origin));
    });
    return cookie.split(";")[0] as string;
  }

  test("no page and no operation of the API reads more than 10,000 rows of a table in one statement", { timeout: maxMs }, async () => {
    const cookie = await ownersCookie();
    const key = await api.keyFor("check", "usage", "manage");
    const known = {
      plan: planKey(0),
      feature: featureKey(1),
      tenant: tenantKey(40),
      grant: "gr_80",
      seq: "1",
      id: "adm_owner",
      list: "tenants",
    };
    const statuses: [string, number][] = [];
    const made = await createEndpoint(api.services, ada, { url: "https://example.com/", kind: "slack", events: webhookEventNames });
    const webhook = made.ok ? made.id : "";
    const log = [{}, { state: "pending" }, { state: "delivered", before: 5 }].map((query) => paths.webhook(webhook, query));
    const noticePages = [paths.notices({ kind: "limit_reached" }), paths.notices({ before: 5 })];
    const trialFiles = ["running", "ended", "upcoming"].map((tab) => paths.listFile("trials", { tab }));
    for (const address of [...pageAddresses(known), ...trialFiles, ...log, ...noticePages]) {
      recorder.during(`GET ${address}`);
      const answer = await fetch(api.origin + address, { headers: { cookie, accept: "text/html" }, redirect: "manual" });
      await answer.text();
      statuses.push([address, answer.status]);
    }
    const walk = await createWalk(api, new Set());
    for (const { operation } of (await describedApi(api.routes)).routes) {
      const id = operation.operationId;
      const sent = right[id];
      if (!sent || ["listenToChanges", "listenForFlags"].includes(id)) continue;
      recorder.during(null);
      const asked = await sent(api, key);
      recorder.during(id);
      const answer = await walk.ask(id, key, asked);
      statuses.push([id, answer.status]);
    }
    recorder.during(null);
    const asked = await manyRequests(api.services);
    recorder.during("requests");
    for (const state of requestStates)
      for (const tenant of [undefined, tenantKey(40)])
        for (const after of [undefined, { createdAt: api.clock.now - day, id: "rq_5" }])
          await requestsAfter(api.services, { state, tenant, after }, 20);
    await withdrawRequest(api.services, ada, asked);
    await holdBulk(api.services);
    recorder.during("tenants from CSV");
    const rows = Array.from({ length: 60 }, (_, i) => `${tenantKey(i)},Renamed ${i}`).join("\n");
    const imported = `key,name\n${rows}\n`;
    await queueCsv(api.services, imported, { isPreview: true });
    await queueCsv(api.services, imported);
    for (let i = 0; i < 7; i++) await uploadCsv(api.services, "key\na\n");
    await api.services.jobs.runAll();
    recorder.during("a preview of a bulk act");
    const filter = { plan: planKey(0), trial: "live" as const };
    await queueBulk(api.services, { act: "suspend" }, { kind: "filter", filter }, { isPreview: true });
    await queueBulk(api.services, { act: "suspend" }, { kind: "keys", keys: [tenantKey(40)] });
    for (const query of ["tab=ending&feature=f0&q=12", "tab=ended&outcome=converted"]) {
      await queueBulk(api.services, { act: "end_trial", features: [] }, { kind: "trials", query }, { isPreview: true });
    }
    await queueBulk(api.services, { act: "suspend" }, { kind: "demand", feature: featureKey(1), days: 30 }, { isPreview: true });
    await api.services.jobs.runAll();
    recorder.during(null);
    const keys = Array.from({ length: 600 }, (_, i) => tenantKey(i + 100));
    const large = await queueBulk(api.services, { act: "suspend" }, { kind: "keys", keys });
    await api.services.jobs.runAll();
    recorder.during("the undo of a large act");
    for (const isPreview of [true, false]) await undoOf(api.services, large.id, isPreview);
    recorder.during("an impact");
    for (const cells of [[{ plan: "starter", feature: "calls", value: 1 }], [{ plan: planKey(19), feature: featureKey(133), value: null }]])
      await createImpact(api.services, operator, { title: "Cells", source: { kind: "cells", cells } });
    const archived = api.services.facts.catalogue().features.get(featureKey(299)) as Feature;
    const source = { kind: "objects" as const, features: [{ ...archived, archivedAt: 1 }], plans: [] };
    await createImpact(api.services, operator, { title: "Archive", source });
    await api.services.jobs.runAll();
    // The first pass notes what holds already, the second one reports.
    recorder.during("webhooks and notices");
    await api.services.webhooks.feed.pass();
    api.services.clock.now += 20 * day;
    await api.services.webhooks.feed.pass();
    recorder.during(null);
    expect(statuses.filter(([, status]) => status >= 400 && status !== 404 && status !== 409)).toEqual([]);

    const explain = await explainOn(engine, api.url, maxRows);
    const found: string[] = [];
    const statements = recorder.take();
    for (const statement of statements) {
      for (const { table, rows, plan } of await explain.scansOf(statement)) {
        if (!Object.values(exceptions).some((pattern) => pattern.test(statement.sql)))
          found.push(`${statement.by}: ${rows ?? "all"} of ${table} (${plan}): ${statement.sql}`);
      }
    }
    await explain.close();
    expect(found).toEqual([]);
    expect(statements.length).toBeGreaterThan(60);
  });
});
