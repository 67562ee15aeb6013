import { answerRow } from "~/core/decision/answer-row";
import { extendGrant, grantTrial } from "~/core/grants/grant-changes";
import { isLive } from "~/core/grants/grant-lifetime";
import type { Feature, Instant, Stamp } from "~/core/model";
import { type Act, mayAct, type Role, roleNeeded } from "~/core/permissions";
import { allowed, type RailedAct, railAdvice } from "~/core/rails/guard-rails";
import { searchNamed } from "~/core/search/catalogue-search";
import type { CommandAnswer, CommandSubject } from "~/core/search/results";
import { findSubjects, meant, type Split } from "~/core/search/subjects";
import { day, isoTime } from "~/core/time";
import { zonedLongDate } from "~/core/zoned-time";
import { trialLengths } from "~/forms/grants/trial-lengths";
import { type Command, parseCommand, type Verb } from "~/forms/search/command";
import { railFacts } from "~/server/rails/rail-facts.server";
import type { Services } from "~/server/services.server";
import { currentTenant } from "~/server/tenants/tenants.server";
import { searchTenants } from "~db/store/tenant-search.server";

/** Candidates per word group. */
const maxCandidates = 4;
const problem = (message: string): CommandAnswer => ({ kind: "problem", message });

/** Who searches. `zone`: the time zone of dates. */
export type Reader = { role: Role; zone: string };

/** Null if the text is no command. */
export async function answerCommand(services: Services, text: string, { role, zone }: Reader): Promise<CommandAnswer | null> {
  const command = parseCommand(text);
  if (command === null) return null;
  const act = actOf[command.verb];
  if (!mayAct(role, act)) return problem(roleNeeded(act));
  if ("problem" in command) return problem(command.problem);
  if (command.verb === "plan") return answerPlan(services, command);
  if (command.verb === "compare") return answerCompare(services, command);
  const subjects = findSubjects(await splitsOf(services, command.words));
  switch (subjects.found) {
    case "no tenant":
      return problem(`No tenant matches “${subjects.words.join(" ")}”.`);
    case "no feature":
      return problem(`No feature matches “${subjects.words.join(" ")}”.`);
    case "several":
      return {
        kind: "several",
        options: subjects.pairs.map(({ tenant, feature }) => ({
          label: `${feature.name} for ${tenant.name}`,
          typed: `${command.verb} ${tenant.key} ${feature.key} ${command.days}`,
        })),
      };
    case "pair":
      return answerPair(services, command, subjects, { role, zone });
  }
}

const actOf: Record<Verb, Act> = { trial: "trials.grant", extend: "trials.extend", plan: "tenants.change", compare: "read" };

async function splitsOf(services: Services, words: string[]): Promise<Split[]> {
  const { db, facts } = services;
  await facts.look();
  const active = [...facts.catalogue().features.values()].filter(({ archivedAt }) => archivedAt === null);
  const splits: Split[] = [];
  for (let at = 1; at < words.length; at++) {
    const [tenantWords, featureWords] = [words.slice(0, at), words.slice(at)];
    const tenants = await searchTenants(db.readAside, db.tables, tenantWords, maxCandidates);
    const features = searchNamed(active, featureWords).slice(0, maxCandidates);
    splits.push({ tenantWords, featureWords, tenants, features });
  }
  return splits;
}

async function answerPlan({ db }: Services, { words }: Command): Promise<CommandAnswer> {
  const tenants = await searchTenants(db.readAside, db.tables, words, maxCandidates);
  if (tenants.length === 0) return problem(`No tenant matches “${words.join(" ")}”.`);
  const tenant = meant(tenants, words);
  if (tenant) return { kind: "plan", tenant: { key: tenant.key, name: tenant.name } };
  return { kind: "several", options: tenants.map(({ key, name }) => ({ label: name, typed: `plan ${key}` })) };
}

/** The words name one tenant, or two one after the other. */
async function answerCompare({ db }: Services, { words }: Command): Promise<CommandAnswer> {
  const find = (of: string[]) => searchTenants(db.readAside, db.tables, of, maxCandidates);
  const whole = await find(words);
  const only = meant(whole, words);
  if (only) return { kind: "compare", tenants: [{ key: only.key, name: only.name }] };
  const splits: Split[] = [];
  for (let at = 1; at < words.length; at++) {
    const [tenantWords, featureWords] = [words.slice(0, at), words.slice(at)];
    splits.push({ tenantWords, featureWords, tenants: await find(tenantWords), features: await find(featureWords) });
  }
  const found = findSubjects(splits);
  if (found.found === "pair") {
    const pair = [found.tenant, found.feature].map(({ key, name }) => ({ key, name }));
    return { kind: "compare", tenants: found.tenant.key === found.feature.key ? pair.slice(0, 1) : pair };
  }
  if (found.found !== "several") {
    if (whole.length > 0) return { kind: "several", options: whole.map(({ key, name }) => ({ label: name, typed: `compare ${key}` })) };
    return problem(`No tenant matches “${(splits.length === 0 ? words : found.words).join(" ")}”.`);
  }
  const options = found.pairs.map(({ tenant, feature: other }) => ({
    label: `${tenant.name} and ${other.name}`,
    typed: `compare ${tenant.key} ${other.key}`,
  }));
  return { kind: "several", options };
}

async function answerPair(
  services: Services,
  { verb, days }: Command,
  { tenant, feature }: CommandSubject,
  { role, zone }: Reader,
): Promise<CommandAnswer> {
  const facts = await currentTenant(services, tenant.key);
  const catalogue = services.facts.catalogue();
  const wanted = catalogue.features.get(feature.key);
  if (!facts || !wanted) return problem("It was changed in the meantime. Type the command again.");
  const subject = { tenant: { key: facts.key, name: facts.name }, feature: { key: wanted.key, name: wanted.name } };
  const now = services.now();
  const stamp: Stamp = { now, actor: { kind: "system", id: "search", name: "search" }, newId: () => "gr_preview" };
  const trial = facts.grants.find((g) => g.kind === "trial" && g.feature === wanted.key && isLive(g, now));
  if (verb === "extend") {
    if (!trial?.endsAt) return problem(`${facts.name} has no live trial of ${wanted.name}.`);
    const extended = extendGrant(facts, { grant: trial.id, days }, stamp);
    if (!extended.ok) return problem(extended.message);
    const endsAt = trial.endsAt + days * day;
    const beyond = await beyondRails(services, subject, role, { kind: "extend", grant: trial.id, endsAt });
    if (beyond) return beyond;
    return { kind: "extend", ...subject, grant: trial.id, days, endsAt, fields: lengthFields(days, endsAt) };
  }
  const readings = services.checks.readings(await services.checks.context(facts.key), now);
  if (trial?.endsAt)
    return problem(`${facts.name} has a trial of ${wanted.name} until ${zonedLongDate(trial.endsAt, zone)}. Extend it instead.`);
  const answer = answerRow({ facts, catalogue, now, readings, zone }, wanted);
  if (answer.entitled) return problem(`${facts.name} already has ${wanted.name}. ${answer.message}`);
  if (needsValue(wanted)) return { kind: "form", ...subject };
  const endsAt = now + days * day;
  const granted = grantTrial(facts, { features: [{ feature: wanted.key }], endsAt }, catalogue, stamp);
  if (!granted.ok) return problem(granted.message);
  const features = [{ feature: wanted.key, name: wanted.name }];
  const beyond = await beyondRails(services, subject, role, { kind: "grant", features, startsAt: now, endsAt });
  if (beyond) return beyond;
  return { kind: "grant", ...subject, days, endsAt, fields: { feature: wanted.key, ...lengthFields(days, endsAt) } };
}

/** The answer to a command that passes a guard rail; null if it passes none. */
async function beyondRails(services: Services, subject: CommandSubject, role: Role, act: RailedAct): Promise<CommandAnswer | null> {
  const rails = await railFacts(services, subject.tenant.key, role);
  const verdict = rails ? allowed(act, role, rails.rules, rails.spans) : ({ may: "yes" } as const);
  if (verdict.may === "yes") return null;
  const message = `${verdict.passed.map(({ sentence }) => sentence).join(" ")} ${railAdvice(verdict.may)}`;
  if (verdict.may === "no") return problem(message);
  return { kind: "reason", ...subject, message, grant: act.kind === "extend" ? act.grant : null };
}

const needsValue = ({ type }: Feature): boolean => type !== "boolean";

/** The fields of the trial's and the extension's form; a length that they do not offer is sent as an end. */
function lengthFields(days: number, endsAt: Instant): Record<string, string> {
  const offered = trialLengths.some((length) => length === String(days));
  return offered ? { length: String(days) } : { length: "own", endsAt: isoTime(endsAt).slice(0, 19) };
}
