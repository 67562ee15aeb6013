import { type Answer, isMode, json, type Modes } from "./modes";
import type { FakeState, FlagGiven } from "./state";

export const controlPath = "/__control";

type Order = {
  mode?: Partial<Modes>;
  flags?: FlagGiven[];
  removeFlags?: string[];
  faults?: { errorsWhileComputingFlags?: boolean; quotaLimited?: boolean; failed?: string[] };
  slowMs?: number;
  trickleMs?: number;
  /** Clears received requests. */
  forget?: boolean;
};

/** The same switches over HTTP, for a stand-in in its own process. */
export function control(state: FakeState, method: string, body: Buffer): Answer {
  if (method === "POST") {
    try {
      obey(state, JSON.parse(body.toString("utf8")) as Order);
    } catch (error) {
      return json({ detail: String(error) }, 400);
    }
  }
  const { mode, requests, violations, groupTypes, recordings } = state;
  const groups = Object.fromEntries([...state.groups].map(([type, held]) => [type, Object.fromEntries(held)]));
  return json({ mode, requests, violations, groupTypes, recordings, flags: [...state.flags.values()], groups, events: state.events });
}

function obey(state: FakeState, order: Order): void {
  for (const flag of order.flags ?? []) state.setFlag(flag);
  for (const key of order.removeFlags ?? []) state.flags.delete(key);
  if (order.faults) {
    const { failed, ...rest } = order.faults;
    Object.assign(state.faults, rest, failed ? { failed: new Set(failed) } : {});
  }
  if (order.slowMs !== undefined) state.slowMs = order.slowMs;
  if (order.trickleMs !== undefined) state.trickleMs = order.trickleMs;
  if (order.forget) {
    state.events.length = state.questions.length = state.violations.length = 0;
    state.recordings = 0;
    state.groups.clear();
    state.persons.clear();
    for (const path of Object.keys(state.requests)) delete state.requests[path];
  }
  for (const mode of Object.values(order.mode ?? {})) if (!isMode(mode)) throw new Error(`There is no mode ${mode}`);
  // Last, because it may close the port this request came through.
  Object.assign(state.mode, order.mode);
}
