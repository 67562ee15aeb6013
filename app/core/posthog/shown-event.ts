import { shownAddress, shownUrl } from "./request-tags";

type Event = { event?: string; properties?: Properties; $set?: Properties; $set_once?: Properties };
type Properties = { [name: string]: unknown };

const isProperties = (value: unknown): value is Properties => typeof value === "object" && value !== null && !Array.isArray(value);

/** An event of the browser without what its addresses hold that others must not read. */
export function shownEvent<E extends Event>(event: E): E {
  const shown = { ...event };
  for (const part of ["properties", "$set", "$set_once"] as const) if (shown[part]) shown[part] = shownProperties(shown[part]);
  const snapshots = shown.properties?.$snapshot_data;
  if (shown.properties && Array.isArray(snapshots)) shown.properties.$snapshot_data = snapshots.map(shownSnapshot);
  return shown;
}

function shownProperties(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, name === "$snapshot_data" ? value : shownValue(name, value)]),
  );
}

function shownValue(name: string, value: unknown): unknown {
  if (isProperties(value)) return shownProperties(value);
  if (typeof value !== "string") return value;
  if (/pathname$/.test(name) && value.startsWith("/")) return shownAddress(value).path;
  return /^https?:\/\//i.test(value) ? shownUrl(value) : value;
}

/** In rrweb's events, type 4 contains the page's URL, and 5 custom data of the library. */
function shownSnapshot(snapshot: unknown): unknown {
  if (!isProperties(snapshot) || (snapshot.type !== 4 && snapshot.type !== 5) || !isProperties(snapshot.data)) return snapshot;
  return { ...snapshot, data: shownProperties(snapshot.data) };
}
