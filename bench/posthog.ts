import { benchKey, copyOf, temporaryFile, withServices } from "./database";
import { asMuchAsItCan, atConstantPace, type Paced, pacedSummary } from "./load";
import { median, rounded } from "./numbers";
import { startServer, stop } from "./process";
import { oneFeature, requestOf } from "./questions";
import { startStandIn } from "./stand-in";
import { makeTenants, tenantKey } from "./tenants-database";

const perSecond = 2_000;
const rounds = 11;
const seconds = 2;
/** Each is refreshed every second, which is as much as the stand-in can answer on the generator's core. */
const tenants = 200;
/** A feature linked to a flag. */
const feature = "epics";
const states = ["ok", "refuse", "hang", "500", "garbage", "trickle"] as const;

/**
 * Checks of a linked feature at a constant rate while PostHog answers, refuses, hangs, fails, sends garbage, or a byte
 * a second, compared with a server with PostHog off. Values expire after a second, so that refreshes are always due.
 */
export async function benchPosthog() {
  const file = temporaryFile("posthog-off");
  await makeTenants(file, tenants);
  const key = await withServices(file, (services) => benchKey(services));
  const onFile = copyOf(file, "posthog-on");
  const standIn = await startStandIn([{ key: feature, properties: [{ key: "plan", value: "free" }] }]);
  const off = await startServer(file);
  const on = await startServer(onFile, { ...standIn.settings, POSTHOG_FEATURE_FLAGS_CACHE_TTL: "1" });
  const requests = Array.from({ length: tenants }, (_, i) => requestOf(oneFeature(tenantKey(i), feature), key));
  const pace = ({ port }: { port: number }) => atConstantPace({ port, requests }, perSecond, seconds);
  const runs = Object.fromEntries(states.map((state) => [state, { off: [] as Paced[], on: [] as Paced[] }]));
  try {
    for (const { child, port } of [off, on]) await asMuchAsItCan({ child, port, requests }, { seconds: 5 });
    for (let round = 0; round < rounds; round++) {
      for (const state of states) {
        await standIn.order({ mode: { default: state } });
        runs[state]?.off.push(await pace(off));
        runs[state]?.on.push(await pace(on));
      }
    }
    const report = Object.entries(runs).map(([state, { off, on }]) => {
      const allowed = off.map((r) => r.p99 * 1.1 + 1);
      const above = rounded(median(on.map((r, i) => r.p99 - (off[i] as Paced).p99)));
      const isWithin = median(on.map((r) => r.p99)) <= median(allowed);
      return [state, { ...pacedSummary(on), p99MsWithPosthogOff: rounded(median(off.map((r) => r.p99))), aboveOffMs: above, isWithin }];
    });
    return {
      requestsPerSecond: perSecond,
      tenants,
      rounds,
      secondsEach: seconds,
      expected: "within 10 % + 1 ms of off",
      ...Object.fromEntries(report),
    };
  } finally {
    await Promise.all([off, on, standIn].map(({ child }) => stop(child)));
  }
}
