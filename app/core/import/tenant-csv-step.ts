import type { Catalogue } from "~/core/catalogue/catalogue";
import { putTenant, type TenantChange, type TenantForm } from "~/core/decision/changes";
import type { Json, Stamp, TenantFacts, TenantStatus } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { metadataText } from "~/core/tenants/metadata-entries";
import { listWords, shorten } from "~/core/text";

/** The values of a row. Left out: unchanged. Null: taken away. Plans and add-ons are keys or names. */
export type CsvTenantRow = {
  key: string;
  name?: string;
  plan?: string | null;
  status?: TenantStatus;
  addOns?: string[];
  metadata: [field: string, value: string | null][];
};

/** `column` is the field that a refusal is about, if it is about one. */
export type RowVerdict =
  | { state: "done"; isNew: boolean; change: TenantChange; message: string }
  | { state: "skipped"; message: string }
  | { state: "failed"; message: string; column?: string };

/** Characters of JSON, as for a form. */
const maxMetadata = 10_000;
const maxMessage = 500;

/** Decides one row. A preview and the job both call it, so that they agree. */
export function tenantCsvStep(
  facts: TenantFacts | null,
  row: CsvTenantRow,
  why: string | null,
  catalogue: Catalogue,
  stamp: Stamp,
): RowVerdict {
  const form: TenantForm = {
    why,
    name: row.name,
    plan: row.plan === undefined || row.plan === null ? row.plan : planKeyOf(catalogue, row.plan),
    status: row.status,
    addOns: row.addOns?.map((addOn) => planKeyOf(catalogue, addOn)),
    metadata: row.metadata.length === 0 ? undefined : mergedMetadata(facts?.metadata ?? {}, row.metadata),
  };
  if (form.metadata && JSON.stringify(form.metadata).length > maxMetadata)
    return { state: "failed", message: `The metadata would have over ${maxMetadata.toLocaleString("en")} characters of JSON.` };
  const outcome = putTenant(facts, row.key, form, catalogue, stamp);
  if (!outcome.ok) return { state: "failed", message: outcome.message, column: outcome.field };
  const { change } = outcome;
  if (!change) return { state: "skipped", message: "Is already as the file says." };
  const message = shorten(facts ? changeWords(facts, change, catalogue) : newWords(change, catalogue), maxMessage);
  return { state: "done", isNew: facts === null, change, message };
}

/** The key of the plan that is meant, by its key or by a name that only it has. */
function planKeyOf({ plans }: Catalogue, text: string): string {
  if (plans.has(text)) return text;
  const named = [...plans.values()].filter(({ name, archivedAt }) => name === text && archivedAt === null);
  return named.length === 1 && named[0] ? named[0].key : text;
}

/** Fields that the file does not have stay. A value that reads the same keeps its type. */
function mergedMetadata(before: TenantFacts["metadata"], entries: CsvTenantRow["metadata"]): { [key: string]: Json } {
  const metadata: { [key: string]: Json } = { ...before };
  for (const [field, value] of entries) {
    if (value === null) delete metadata[field];
    else if (!Object.hasOwn(before, field) || metadataText(before[field]) !== value) metadata[field] = value;
  }
  return metadata;
}

const nameOf = ({ plans }: Catalogue, key: string) => plans.get(key)?.name ?? key;
const planWords = (catalogue: Catalogue, key: string | null) => (key === null ? "no plan" : nameOf(catalogue, key));

function newWords({ set }: TenantChange, catalogue: Catalogue): string {
  const addOns = (set.addOns ?? []).map(({ plan }) => nameOf(catalogue, plan));
  const status = set.status && set.status !== "active" ? `, ${set.status}` : "";
  return `New, on ${planWords(catalogue, set.plan ?? null)}${addOns.length > 0 ? ` with ${listWords(addOns)}` : ""}${status}.`;
}

function changeWords(before: TenantFacts, { set }: TenantChange, catalogue: Catalogue): string {
  const words: string[] = [];
  if (set.name !== undefined) words.push(`Name: ${before.name} → ${set.name}.`);
  if (set.plan !== undefined) words.push(`Plan: ${planWords(catalogue, before.plan)} → ${planWords(catalogue, set.plan)}.`);
  if (set.addOns !== undefined) {
    const [had, has] = [before.addOns, set.addOns].map((list) => list.map(({ plan }) => plan)) as [string[], string[]];
    const added = has.filter((key) => !had.includes(key)).map((key) => nameOf(catalogue, key));
    const removed = had.filter((key) => !has.includes(key)).map((key) => nameOf(catalogue, key));
    if (added.length > 0) words.push(`Adds ${listWords(added)}.`);
    if (removed.length > 0) words.push(`Removes ${listWords(removed)}.`);
  }
  if (set.status !== undefined) words.push(`Status: ${before.status} → ${set.status}.`);
  if (set.metadata !== undefined) {
    const { metadata } = set;
    const fields = [...new Set([...Object.keys(before.metadata), ...Object.keys(metadata)])];
    words.push(`Metadata: ${listWords(fields.filter((field) => !sameJson(before.metadata[field], metadata[field])))}.`);
  }
  return words.join(" ");
}
