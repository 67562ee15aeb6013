import { type Answer, json, unauthorized } from "./modes";
import type { FakeState } from "./state";
import type { FlagDefinition } from "./wire";

const notFound = () => json({ type: "invalid_request", code: "not_found", detail: "Not found.", attr: null }, 404);
const invalid = (attr: string, detail: string) => json({ type: "validation_error", code: "invalid_input", detail, attr }, 400);
const pageSize = 100;

/** The app host's REST API for a personal or project secret key, under /api/projects/:id/. */
export function answerRest(state: FakeState, url: URL, bearer: string | null): Answer {
  if (bearer !== state.secretKey) return unauthorized();
  const [, project, rest] = /^\/api\/projects\/([^/]+)\/(.*)$/.exec(url.pathname) ?? [];
  if (project !== state.projectId && project !== "@current") return notFound();
  if (rest === "groups_types/") return json(groupTypes(state));
  if (rest === "groups/") return groups(state, url);
  if (rest === "groups/find" || rest === "groups/find/") return findGroup(state, url);
  if (rest === "feature_flags/") return flags(state, url);
  return notFound();
}

/** POST under the same path: a HogQL query that counts the events of one group by name, as Latchkey sends it. */
export function answerQuery(state: FakeState, url: URL, bearer: string | null, body: Buffer): Answer {
  if (bearer !== state.secretKey) return unauthorized();
  const [, project, rest] = /^\/api\/projects\/([^/]+)\/(.*)$/.exec(url.pathname) ?? [];
  if ((project !== state.projectId && project !== "@current") || rest !== "query/") return notFound();
  const { query } = JSON.parse(body.toString("utf8"));
  const [, index] = /where \$group_(\d) = \{tenant\} and timestamp >= now\(\) - toIntervalDay\(\{days\}\)/.exec(query?.query ?? "") ?? [];
  const limit = Number(/ limit (\d+)$/.exec(query?.query ?? "")?.[1] ?? Number.NaN);
  if (query?.kind !== "HogQLQuery" || index === undefined || Number.isNaN(limit)) return invalid("query", "The query cannot be read.");
  const type = state.groupTypes[Number(index)] ?? "";
  const since = Date.now() - Number(query.values.days) * 86_400_000;
  const found = new Map<string, { count: number; last: number }>();
  for (const { event, properties = {}, timestamp } of state.events) {
    const at = Date.parse(timestamp ?? "");
    if ((properties.$groups as { [type: string]: unknown } | undefined)?.[type] !== query.values.tenant || at < since) continue;
    const { count, last } = found.get(event) ?? { count: 0, last: 0 };
    found.set(event, { count: count + 1, last: Math.max(last, at) });
  }
  const results = [...found].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1)).slice(0, limit);
  return json({
    columns: ["event", "events", "last"],
    results: results.map(([event, { count, last }]) => [event, count, new Date(last).toISOString()]),
    is_cached: false,
    hasMore: false,
  });
}

const groupTypes = (state: FakeState) =>
  state.groupTypes.map((group_type, group_type_index) => ({
    group_type,
    group_type_index,
    name_singular: null,
    name_plural: null,
    detail_dashboard: null,
    default_columns: null,
    created_at: null,
  }));

function groupsOfType(state: FakeState, url: URL) {
  const index = url.searchParams.get("group_type_index");
  if (index === null || !/^\d$/.test(index)) return undefined;
  const held = state.groups.get(state.groupTypes[Number(index)] ?? "") ?? new Map();
  return [...held].map(([group_key, { properties, updatedAt }]) => ({
    group_type_index: Number(index),
    group_key: group_key as string,
    group_properties: properties,
    created_at: new Date(updatedAt).toISOString(),
  }));
}

function groups(state: FakeState, url: URL): Answer {
  const all = groupsOfType(state, url);
  if (!all) return invalid("group_type_index", "A group type index is required.");
  const search = url.searchParams.get("search")?.toLowerCase();
  const key = url.searchParams.get("group_key");
  const found = all.filter(
    (g) =>
      (!key || g.group_key.includes(key)) &&
      (!search || `${g.group_key} ${JSON.stringify(g.group_properties)}`.toLowerCase().includes(search)),
  );
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const next = from + pageSize < found.length ? withParams(url, { cursor: String(from + pageSize) }) : null;
  return json({ next, previous: null, results: found.slice(from, from + pageSize) });
}

function findGroup(state: FakeState, url: URL): Answer {
  const all = groupsOfType(state, url);
  if (!all) return invalid("group_type_index", "A group type index is required.");
  const found = all.find(({ group_key }) => group_key === url.searchParams.get("group_key"));
  return found ? json(found) : notFound();
}

function flags(state: FakeState, url: URL): Answer {
  const { searchParams } = url;
  const search = searchParams.get("search")?.toLowerCase() ?? "";
  const active = searchParams.get("active");
  const limit = Number(searchParams.get("limit") ?? pageSize);
  const offset = Number(searchParams.get("offset") ?? 0);
  const found = [...state.flags.values()]
    .filter((flag) => !flag.deleted && `${flag.key} ${flag.name}`.toLowerCase().includes(search))
    .filter((flag) => active === null || (active === "STALE" ? isStale(flag) : flag.active === (active === "true")))
    .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id);
  const page = (at: number) => withParams(url, { limit: String(limit), offset: String(at) });
  return json({
    count: found.length,
    next: offset + limit < found.length ? page(offset + limit) : null,
    previous: offset > 0 ? page(Math.max(0, offset - limit)) : null,
    results: found
      .slice(offset, offset + limit)
      .map((flag) => ({ ...flag, status: isStale(flag) ? "STALE" : flag.active ? "ACTIVE" : "INACTIVE" })),
  });
}

const monthAgo = () => new Date(Date.now() - 30 * 86_400_000).toISOString();

/** Not requested for a month; or never requested, old enough and for everyone. */
function isStale(flag: FlagDefinition): boolean {
  if (!flag.active || flag.created_at > monthAgo()) return false;
  if (flag.last_called_at !== null) return flag.last_called_at < monthAgo();
  return flag.filters.groups.some(({ properties, rollout_percentage }) => properties.length === 0 && (rollout_percentage ?? 100) === 100);
}

function withParams(url: URL, params: Record<string, string>): string {
  const to = new URL(url);
  for (const [name, value] of Object.entries(params)) to.searchParams.set(name, value);
  return to.href;
}
