import { createHash, randomUUID } from "node:crypto";
import { readBody } from "./capture";
import { evaluate, type Question, type Verdict } from "./evaluate";
import { type Answer, json, unauthorized } from "./modes";
import type { FakeState } from "./state";
import type { FlagDefinition, Properties } from "./wire";

type Asked = {
  token?: string;
  api_key?: string;
  distinct_id?: string;
  groups?: Record<string, string>;
  person_properties?: Properties;
  group_properties?: Record<string, Properties>;
  flag_keys_to_evaluate?: string[];
};

const maxRequestsKept = 50_000;
const descriptions: Record<string, string> = { condition_match: "Matched condition set", no_condition_match: "No matching condition set" };

/** POST /flags/?v=2 */
export function answerFlags(state: FakeState, body: Buffer): Answer {
  const asked = readBody(body) as Asked | undefined;
  if (!asked || typeof asked !== "object") return { status: 400, body: "Failed to decode request" };
  if ((asked.token ?? asked.api_key) !== state.projectKey) return unauthorized();
  if (!asked.distinct_id) return { status: 400, body: "The distinct_id field is missing" };
  state.questions.push(asked as Properties);
  if (state.questions.length > maxRequestsKept) state.questions.shift();

  const common = { errorsWhileComputingFlags: state.faults.errorsWhileComputingFlags, requestId: randomUUID(), evaluatedAt: Date.now() };
  if (state.faults.quotaLimited) return json({ flags: {}, ...common, quotaLimited: ["feature_flags"] });
  const question = questionOf(state, asked as Asked & { distinct_id: string });
  const flags: Record<string, unknown> = {};
  for (const flag of [...state.flags.values()].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    if (!flag.active || flag.deleted || (asked.flag_keys_to_evaluate && !asked.flag_keys_to_evaluate.includes(flag.key))) continue;
    flag.last_called_at = new Date().toISOString();
    try {
      if (state.faults.failed.has(flag.key)) throw new Error("told to fail");
      flags[flag.key] = onWire(flag, evaluate(flag, question, state));
    } catch {
      common.errorsWhileComputingFlags = true;
      flags[flag.key] = { ...onWire(flag, failed), failed: true };
    }
  }
  return json({ flags, ...common });
}

const failed: Verdict = { enabled: false, variant: null, payload: null, code: "evaluation_error", condition: null };

function questionOf(state: FakeState, asked: Asked & { distinct_id: string }): Question {
  return {
    distinctId: asked.distinct_id,
    groups: asked.groups ?? {},
    person: { ...state.persons.get(asked.distinct_id), ...asked.person_properties },
    groupProperties: (type, key) => ({ ...state.group(key, type), ...asked.group_properties?.[type] }),
  };
}

const onWire = (flag: FlagDefinition, { enabled, variant, payload, code, condition }: Verdict) => ({
  key: flag.key,
  enabled,
  variant,
  reason: {
    code,
    condition_index: condition,
    description: condition === null ? (descriptions[code] ?? code) : `${descriptions[code]} ${condition + 1}`,
  },
  metadata: { id: flag.id, version: flag.version, description: null, payload, has_experiment: false },
});

/** GET /flags/definitions. The ETag is of the body, so it changes only with a flag. */
export function answerDefinitions(state: FakeState, token: string | null, bearer: string | null, ifNoneMatch: string | undefined): Answer {
  if (token !== state.projectKey || bearer !== state.secretKey) return unauthorized();
  const flags = [...state.flags.values()]
    .filter((flag) => !flag.deleted)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ created_at: _c, updated_at: _u, last_called_at: _l, ...flag }) => ({
      team_id: 1,
      evaluation_runtime: "all",
      ...withChains(flag, state),
    }));
  const body = JSON.stringify({ flags, group_type_mapping: { ...state.groupTypes }, cohorts: state.cohorts });
  const etag = `W/"${createHash("sha1").update(body).digest("hex")}"`;
  const headers = { etag, "cache-control": "private, must-revalidate", "content-type": "application/json" };
  return etag === ifNoneMatch ? { status: 304, headers, body: "" } : { status: 200, headers, body };
}

/** PostHog lists the evaluation order of a flag's dependencies for local evaluation. */
function withChains<F extends Pick<FlagDefinition, "filters">>(flag: F, state: FakeState): F {
  const chain = (key: string, above: string[]): string[] => {
    if (above.includes(key)) return [];
    const filters = state.flags.get(key)?.filters.groups.flatMap(({ properties }) => properties) ?? [];
    const before = filters.filter(({ type }) => type === "flag").flatMap((filter) => chain(filter.key, [...above, key]));
    return [...new Set([...before, key])];
  };
  const groups = flag.filters.groups.map((condition) => ({
    ...condition,
    properties: condition.properties.map((f) => (f.type === "flag" ? { dependency_chain: chain(f.key, []), ...f } : f)),
  }));
  return { ...flag, filters: { ...flag.filters, groups } };
}
