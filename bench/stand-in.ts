import type { ChildProcess } from "node:child_process";
import { startNode, untilLines } from "./process";

export type StandIn = Awaited<ReturnType<typeof startStandIn>>;

/** Runs the PostHog stand-in as a process on the generator's core with lower priority. */
export async function startStandIn(flags: object[] = []) {
  const child: ChildProcess = startNode(["--import", "tsx", "tests/fake-posthog/main.ts", "--port", "0", "--control-port", "0"], 1, {
    nice: 10,
  });
  const [first, second] = await untilLines(child, [/listens on (http:\S+)\. /, /curl (http:\S+)$/]);
  const [origin = "", orders = ""] = [first?.[1], second?.[1]];
  const order = async (what?: object) => {
    const response = await fetch(orders, what ? { method: "POST", body: JSON.stringify(what) } : {});
    if (!response.ok) throw new Error(`the stand-in answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  if (flags.length > 0) await order({ flags });
  return {
    child,
    settings: { POSTHOG_HOST: origin, POSTHOG_PROJECT_API_KEY: "phc_fake" },
    order,
  };
}
