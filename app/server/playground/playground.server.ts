import { findFeatures } from "~/core/catalogue/feature-list";
import { nearKeys } from "~/core/catalogue/near-keys";
import { entitlement } from "~/core/decision/answer";
import { byGroupAndName, rowOfDecision } from "~/core/decision/answer-row";
import { explain } from "~/core/decision/considered-rules";
import type { Decision } from "~/core/decision/decide";
import { reasonMessage } from "~/core/decision/reason-message";
import type { Instant } from "~/core/model";
import { isoTime } from "~/core/time";
import { zonedLongDate } from "~/core/zoned-time";
import type { PlaygroundQuery } from "~/forms/checks/playground-query";
import { type DiagnosticQuestion, diagnosticAnswer } from "~/server/checks/diagnostic-answer.server";
import type { AnswerThen } from "~/server/checks/point-in-time.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import type { Services } from "~/server/services.server";
import { type NearTenant, nearTenants } from "~/server/tenants/near-tenants.server";

const featuresPerPage = 40;

/**
 * What a tenant gets, decided as for a check and counted nowhere. `answers` null: there is nothing to decide, because no
 * tenant was named, there is none of that key (`near`), or a field cannot be read.
 */
export async function readPlayground(services: Services, query: PlaygroundQuery, zone: string) {
  await services.facts.look();
  const now = services.now();
  const at = query.at ?? now;
  const common = { now, at, isPast: at < now, near: [] as NearTenant[], tenant: null, answers: null, chosen: null };
  if (query.tenant === "" || Object.keys(query.errors).length > 0) return common;
  const current = await tenantNow(services, query.tenant);
  if (!current) return { ...common, near: await nearTenants(services, query.tenant) };
  const catalogue = services.facts.catalogue();
  const found = findFeatures(catalogue, { search: query.search, group: null, type: null, archived: false }).sort(byGroupAndName);
  const listed = found.map(({ key }) => key);
  const asked = [...new Set(query.feature === null ? listed : [...listed, query.feature])];
  const { tenant: key, user, requested } = query;
  const answer = await ask(services, { tenant: key, features: asked, user: at < now ? undefined : user, requested, at });
  return { ...common, tenant: { key, name: current.name, existed: answer.tenant !== null }, ...shown(answer, query, { listed, at, zone }) };
}

async function ask(services: Services, question: DiagnosticQuestion): Promise<AnswerThen> {
  try {
    return await diagnosticAnswer(services, question, "server");
  } catch (error) {
    if (error instanceof FactsUnavailable) throw new Response(null, { status: 503 });
    throw error;
  }
}

async function tenantNow({ facts }: Services, key: string) {
  try {
    return (await facts.tenant(key)).facts;
  } catch (error) {
    if (error instanceof FactsUnavailable) throw new Response(null, { status: 503 });
    throw error;
  }
}

type Place = { listed: readonly string[]; at: Instant; zone: string };

function shown(answer: AnswerThen, query: PlaygroundQuery, { listed, ...place }: Place) {
  const isListed = new Set(listed);
  const all = answer.decisions.filter(({ feature }) => isListed.has(feature));
  const matching = query.show === null ? all : all.filter(({ entitled }) => entitled === (query.show === "yes"));
  const page = Math.max(1, Math.min(query.page, Math.ceil(matching.length / featuresPerPage)));
  const rows = matching.slice((page - 1) * featuresPerPage, page * featuresPerPage).map((decision) => {
    const { key, name, group, entitled, reason, message, gives } = rowOf(decision, answer, place);
    return { key, name, group, entitled, reason, message, gives };
  });
  const decision = answer.decisions.find(({ feature }) => feature === query.feature);
  return {
    answers: {
      rows,
      total: matching.length,
      all: all.length,
      entitled: all.filter(({ entitled }) => entitled).length,
      page,
      pageSize: featuresPerPage,
    },
    chosen: decision ? detail(decision, answer, place) : null,
  };
}

/** A decision in words, even if the feature or the tenant does not exist. */
function rowOf(decision: Decision, { tenant, catalogue }: AnswerThen, { at, zone }: Omit<Place, "listed">) {
  const { feature: key, entitled, reason } = decision;
  const feature = catalogue.features.get(key);
  if (feature && tenant) return rowOfDecision(decision, feature, { facts: tenant, catalogue, now: at, zone });
  const message = reasonMessage(decision, tenant, catalogue, (at) => zonedLongDate(at, zone));
  return { key, name: feature?.name ?? key, group: feature?.group ?? null, entitled, reason, message, gives: null, sources: [] };
}

/** Everything about one decision: every rule in order, every source, and the entry as a check sends it. */
function detail(decision: Decision, answer: AnswerThen, place: Omit<Place, "listed">) {
  const { tenant, catalogue } = answer;
  const feature = catalogue.features.get(decision.feature);
  const { key, name, entitled, reason, message, gives, sources } = rowOf(decision, answer, place);
  return {
    ...{ key, name, entitled, reason, message, gives, sources },
    type: feature?.type ?? null,
    isKnown: feature !== undefined,
    near: feature ? [] : nearKeys(catalogue.features, key),
    rules: explain(decision, feature),
    validUntil: decision.validUntil,
    at: isoTime(place.at),
    json: JSON.stringify(entitlement(decision, tenant, catalogue), null, 2),
  };
}
