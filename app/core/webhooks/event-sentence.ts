import type { Json } from "~/core/model";
import { listWords, shorten } from "~/core/text";
import { shortDate } from "~/core/time";
import type { HookEvent } from "./hook-event";

type Data = { [name: string]: Json };
/** Characters of a name in a sentence. */
const maxName = 80;

const field = (data: Json | undefined, name: string): Json | undefined => (data as Data | null | undefined)?.[name];
const nameIn = (data: Json | undefined): string => shorten(String(field(data, "name") ?? field(data, "key") ?? ""), maxName);
const dateOf = (text: Json | undefined): string => (typeof text === "string" ? shortDate(Date.parse(text)) : "");

/** One sentence in plain text, for Slack and for notices. Dates are in UTC. */
export function eventSentence({ type, data }: Pick<HookEvent, "type" | "data">): string {
  const tenant = nameIn(data.tenant);
  const { grant } = data;
  const end = field(grant, "endsAt");
  const until = end ? ` until ${dateOf(end)}` : "";
  switch (type) {
    case "grant.created":
      return `${tenant}: ${grantWords(grant)} was given${until}.`;
    case "grant.extended":
      return `${tenant}: ${grantWords(grant)} was extended${until}.`;
    case "grant.ends_soon":
      return `${tenant}: ${grantWords(grant)} ends on ${dateOf(end)}.`;
    case "grant.ended":
      return `${tenant}: ${grantWords(grant)} ${data.why === "expired" ? "ended" : "was ended early"}.`;
    case "grant.converted":
      return `${tenant}: the trial of ${nameIn(field(grant, "feature"))} converted. A plan or add-on now includes it.`;
    case "tenant.created":
      return `${tenant} was created${planWords(field(data.tenant, "plan"))}.`;
    case "tenant.plan_changed":
      return `${tenant}: ${planChange(data.before, data.after)}.`;
    case "tenant.status_changed":
      return `${tenant} is now ${data.after}. Before, it was ${data.before}.`;
    case "limit.warning":
      return `${tenant} has used 80 % of its limit of ${nameIn(data.feature)}: ${usedOfLimit(data)}.`;
    case "limit.reached":
      return `${tenant} has reached its limit of ${nameIn(data.feature)}: ${usedOfLimit(data)}.`;
    case "feature.in_demand":
      return `${nameIn(data.feature)} was refused ${Number(data.refusals).toLocaleString("en")} times on ${dateOf(data.day)}.`;
    case "request.created":
      return `${tenant}: ${nameIn(field(data.request, "createdBy"))} asks for: ${shorten(String(field(data.request, "summary") ?? ""), 300)}.`;
    case "catalogue.published":
      return `The catalogue changed: ${countWords(data.plans, "plan")} and ${countWords(data.features, "feature")}.`;
    case "webhook.test":
      return "This is a test from Latchkey.";
  }
}

function grantWords(grant: Json | undefined): string {
  const feature = nameIn(field(grant, "feature"));
  if (field(grant, "kind") === "trial") return `the trial of ${feature}`;
  return `the override that ${field(grant, "effect") === "deny" ? "denies" : "allows"} ${feature}`;
}

const planWords = (plan: Json | undefined) => (typeof plan === "string" ? ` on the plan ${plan}` : "");

function planChange(before: Json | undefined, after: Json | undefined): string {
  const name = (plan: Json | undefined) => (typeof plan === "string" ? plan : "no plan");
  const [was, is] = [field(before, "plan"), field(after, "plan")];
  const phrases = was === is ? [] : [`the plan changed from ${name(was)} to ${name(is)}`];
  const addOns = (of: Json | undefined) => (field(of, "addOns") ?? []) as string[];
  const added = addOns(after).filter((key) => !addOns(before).includes(key));
  const removed = addOns(before).filter((key) => !addOns(after).includes(key));
  if (added.length > 0) phrases.push(`added ${listWords(added)}`);
  if (removed.length > 0) phrases.push(`removed ${listWords(removed)}`);
  return shorten(listWords(phrases), 400);
}

const usedOfLimit = ({ used, limit }: Data) => `${Number(used).toLocaleString("en")} of ${Number(limit).toLocaleString("en")}`;

function countWords(changes: Json | undefined, noun: string): string {
  const count = Number(field(changes, "count") ?? 0);
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Slack reads these three characters as markup. */
export const slackText = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
