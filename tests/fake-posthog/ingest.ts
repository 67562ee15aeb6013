import type { CapturedEvent, Properties } from "./wire";

export type Group = { properties: Properties; revision?: number; updatedAt: number };
export type Violation = { type: string; key: string; held: string; arrived: string };

export type Received = {
  events: CapturedEvent[];
  groups: Map<string, Map<string, Group>>;
  groupTypes: string[];
  persons: Map<string, Properties>;
  /** Older properties after newer ones, which PostHog would accept. */
  violations: Violation[];
  /** The property with the revision of a group's properties, read from the event or from what it sets. */
  revisionProperty: string;
};

const maxEvents = 200_000;
const maxGroupTypes = 5;

export function ingest(received: Received, event: CapturedEvent, now: number): void {
  received.events.push(event);
  if (received.events.length > maxEvents) received.events.shift();
  const { distinct_id: id, properties = {} } = event;
  const set = (event.$set ?? properties.$set) as Properties | undefined;
  if (id && set) received.persons.set(id, { ...received.persons.get(id), ...set });
  for (const type of Object.keys((properties.$groups as object | undefined) ?? {})) know(received, type);
  if (event.event === "$groupidentify") identifyGroup(received, event, now);
}

/** A project has at most five group types; a sixth is ignored. */
export function know(received: Received, type: string): number | undefined {
  const known = received.groupTypes.indexOf(type);
  if (known >= 0) return known;
  return received.groupTypes.length < maxGroupTypes ? received.groupTypes.push(type) - 1 : undefined;
}

/** PostHog merges in arrival order regardless of timestamps, and never removes anything. */
function identifyGroup(received: Received, { properties = {}, timestamp }: CapturedEvent, now: number): void {
  const { $group_type: type, $group_key: key, $group_set: set, $process_person_profile } = properties;
  if (typeof type !== "string" || (typeof key !== "string" && typeof key !== "number") || $process_person_profile === false) return;
  if (know(received, type) === undefined) return;
  const ofType = received.groups.get(type) ?? new Map<string, Group>();
  received.groups.set(type, ofType);

  const held = ofType.get(String(key));
  const given = Number(properties[received.revisionProperty] ?? (set as Properties | undefined)?.[received.revisionProperty]);
  const revision = Number.isFinite(given) ? given : undefined;
  const sentAt = Date.parse(timestamp ?? "");
  const updatedAt = Number.isFinite(sentAt) ? sentAt : now;
  const [was, is] = held?.revision === undefined || revision === undefined ? [held?.updatedAt ?? 0, updatedAt] : [held.revision, revision];
  if (held && is < was) received.violations.push({ type, key: String(key), held: String(was), arrived: String(is) });
  ofType.set(String(key), { properties: { ...held?.properties, ...(set as Properties | undefined) }, revision, updatedAt });
}
