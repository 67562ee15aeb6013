import { Document, isMap, isPair, type Scalar, type ScalarTag, visit, type YAMLMap } from "yaml";
import { endOf } from "~/core/grants/grant-lifetime";
import type { CatalogueFacts, Feature, Grant, Plan, TenantFacts } from "~/core/model";
import { isoTime } from "~/core/time";

export const fileFormats = ["yaml", "json"] as const;
export type FileFormat = (typeof fileFormats)[number];

/** Writes a catalogue file that imports to the same state. Equal state gives equal bytes. */
export function writeCatalogueFile(facts: CatalogueFacts, tenants: TenantFacts[] | null, format: FileFormat): string {
  const writer = createFileWriter(facts, format);
  return writer.start() + (tenants ? writer.tenants(tenants) : "") + writer.end();
}

/** Writes the same file in parts: `start`, any number of `tenants`, then `end`. */
export function createFileWriter(facts: CatalogueFacts, format: FileFormat) {
  const types = new Map(facts.features.map((f) => [f.key, f.type]));
  let hasTenants = false;
  const entriesOf = (tenants: TenantFacts[]) => new Map(tenants.map((t) => [t.key, tenantOf(t, types)]));
  const catalogue = () =>
    fieldsOf({ latchkey: 1, features: new Map(facts.features.map((f) => [f.key, featureOf(f)])), ...planSections(facts.plans, types) });
  return {
    start(): string {
      return format === "json" ? jsonOf(catalogue(), "").slice(0, -"\n}".length) : yamlOf(catalogue());
    },
    tenants(batch: TenantFacts[]): string {
      if (batch.length === 0) return "";
      const isFirst = !hasTenants;
      hasTenants = true;
      if (format === "json")
        return (isFirst ? ',\n  "tenants": ' : ",") + jsonOf(entriesOf(batch), "  ").slice(isFirst ? 0 : 1, -"\n  }".length);
      const section = yamlSection("tenants", entriesOf(batch));
      return isFirst ? `\n${section}` : section.slice(section.indexOf("\n") + 1);
    },
    end(): string {
      if (format === "yaml") return "";
      return hasTenants ? "\n  }\n}\n" : "\n}\n";
    },
  };
}

/** Omits undefined fields. */
const fieldsOf = (fields: object) => new Map<string, unknown>(Object.entries(fields).filter(([, value]) => value !== undefined));
const given = <T>(value: T | null): T | undefined => value ?? undefined;
const archivedOf = ({ archivedAt }: { archivedAt: number | null }) => (archivedAt === null ? undefined : isoTime(archivedAt));
const nameOf = ({ key, name }: { key: string; name: string }) => (name === key ? undefined : name);

type Types = Map<string, Feature["type"]>;

function featureOf(feature: Feature): unknown {
  const fields = fieldsOf({
    name: nameOf(feature),
    group: given(feature.group),
    description: given(feature.description),
    askUrl: feature.askUrl,
    config: feature.type === "config" ? fieldsOf(feature.config) : undefined,
    meter: feature.type === "metered" ? fieldsOf({ ...feature.meter, unit: given(feature.meter.unit) }) : undefined,
    flag: feature.flag ? fieldsOf(feature.flag) : undefined,
    archived: archivedOf(feature),
  });
  return fields.size === 1 && fields.has("name") ? feature.name : fields;
}

function planSections(plans: Plan[], types: Types) {
  const sections = { base: new Map<string, unknown>(), add_on: new Map<string, unknown>() };
  let last = 0;
  const inFileOrder = [...plans.filter((p) => p.kind === "base"), ...plans.filter((p) => p.kind === "add_on")];
  for (const plan of inFileOrder) {
    const { rank, includes, description, entries } = plan;
    const isList = entries.every(({ feature }) => types.get(feature) === "boolean");
    const features = isList ? entries.map((e) => e.feature) : new Map(entries.map((e) => [e.feature, e.value]));
    const fields = {
      name: nameOf(plan),
      rank: rank === last + 1 ? undefined : rank,
      includes: given(includes),
      description: given(description),
      archived: archivedOf(plan),
      features: entries.length === 0 ? undefined : features,
    };
    last = rank;
    sections[plan.kind].set(plan.key, fieldsOf(fields));
  }
  return { plans: sections.base, addOns: sections.add_on.size > 0 ? sections.add_on : undefined };
}

/** Every field, including empty ones, because an omitted field would leave an existing tenant unchanged. */
function tenantOf({ name, status, plan, addOns, metadata, grants }: TenantFacts, types: Types) {
  return fieldsOf({
    name,
    status,
    plan,
    addOns: addOns.map((a) => a.plan),
    metadata,
    grants: grants.length === 0 ? undefined : grants.map((grant) => grantOf(grant, types)),
  });
}

function grantOf(grant: Grant, types: Types) {
  const end = endOf(grant);
  const what = grant.kind === "trial" ? "trial" : grant.effect;
  const value = "value" in grant && types.get(grant.feature) !== "boolean" ? grant.value : undefined;
  const [startsAt, endsAt] = [isoTime(grant.startsAt), end === null ? undefined : isoTime(end)];
  return fieldsOf({ [what]: grant.feature, value, startsAt, endsAt, note: given(grant.note) });
}

function yamlOf(file: Map<string, unknown>): string {
  const document = documentOf(file);
  document.commentBefore = " A Latchkey catalogue file. docs/catalogue-file.md says what may stand in it.";
  const [, ...sections] = (document.contents as YAMLMap<Scalar>).items;
  for (const { key } of sections) key.spaceBefore = true;
  return yamlText(document);
}

const yamlSection = (name: string, entries: Map<string, unknown>): string => yamlText(documentOf(new Map([[name, entries]])));

function documentOf(file: Map<string, unknown>): Document {
  const document = new Document(file, { aliasDuplicateObjects: false, compat: "yaml-1.1", customTags: (tags) => [exponent, ...tags] });
  // One line per feature, tenant field and grant; plans are expanded, because they are read most.
  const openTo: { [section: string]: number } = { features: 1, plans: 3, addOns: 3, tenants: 2 };
  visit(document, {
    Map(_, node, path) {
      const section = path.find(isPair)?.key as Scalar<string> | undefined;
      if (section && path.filter(isMap).length > (openTo[section.value] ?? 0)) node.flow = true;
    },
    Seq(_, node) {
      if (node.items.length === 0) node.flow = true;
    },
    Scalar(_, node) {
      if (typeof node.value === "string" && (node.value.includes("\n") || node.value.search(unprintable) !== -1))
        node.type = "QUOTE_DOUBLE";
    },
  });
  return document;
}

function yamlText(document: Document): string {
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
  return text.replace(unprintable, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Characters that readers of YAML 1.1 take for line breaks or refuse, unless they are escaped. */
const unprintable = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** Readers of YAML 1.1 take 1e+21 for text, and 1.0e+21 for the number. */
const exponent: ScalarTag = {
  identify: (value) => typeof value === "number" && /^-?\d+e/.test(String(value)),
  default: true,
  tag: "tag:yaml.org,2002:float",
  test: /^(?!)/,
  resolve: Number,
  stringify: ({ value }) => String(value).replace("e", ".0e"),
};

/** JSON.stringify does not support `Map`, and an object would lose `__proto__` and reorder "10". */
function jsonOf(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  const lines = (open: string, items: string[], close: string) =>
    items.length === 0 ? open + close : `${open}\n${inner}${items.join(`,\n${inner}`)}\n${indent}${close}`;
  if (value instanceof Map) {
    return lines(
      "{",
      [...value].map(([key, v]) => `${JSON.stringify(key)}: ${jsonOf(v, inner)}`),
      "}",
    );
  }
  return Array.isArray(value)
    ? lines(
        "[",
        value.map((v) => jsonOf(v, inner)),
        "]",
      )
    : JSON.stringify(value);
}
