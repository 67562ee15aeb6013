import { afterEach, expect, test } from "vitest";
import { until } from "../support/poll";
import { type PosthogApp, startPosthogApp } from "../support/posthog";

const open: PosthogApp[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function start(env: Record<string, string> = {}): Promise<PosthogApp> {
  const app = await startPosthogApp({ env });
  open.push(app);
  return app;
}
type Line = { level: number; msg: string; err?: { cause?: { message?: string } }; why?: string };
const lines = (app: PosthogApp): Line[] =>
  app
    .log()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ msg, level }) => level >= 30 && /PostHog|posthog/.test(msg));
const warn = 40;
const info = 30;
/** So many that the SDK sends them by itself: nobody is there to whom it could say that it failed. */
const fillQueue = (app: PosthogApp) => {
  for (let i = 0; i < 20; i++) app.posthog.client.capture({ distinctId: "somebody", event: "filler" });
};
const asked = (app: PosthogApp) => app.fake.state.requests["/batch/"] ?? 0;
/** Sends by itself, and has heard what came of it. */
async function sendInBackground(app: PosthogApp): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    const off = [app.posthog.client.on("error", over), app.posthog.client.on("flush", over)];
    function over() {
      for (const end of off) end();
      resolve();
    }
  });
  fillQueue(app);
  await heard;
}

// That nothing is written to the console is what every test here proves besides: see tests/support/setup.ts.
test.each([
  ["500", /takes no events at the moment \(500\)/],
  ["401", /takes no events at the moment \(401\)/],
  ["refuse", /fetch failed/],
] as const)(
  "what could not be sent (%s) stands in the log once for as long as it lasts, and once more when it is over",
  async (mode, why) => {
    const app = await start();
    app.fake.state.mode["/batch/"] = mode;
    for (let i = 0; i < 3; i++) await sendInBackground(app);
    expect(lines(app).map(({ level, msg }) => [level, msg])).toEqual([
      [warn, "PostHog takes no events at the moment; they wait in memory"],
    ]);
    expect(JSON.stringify(lines(app)[0]?.err)).toMatch(why);
    expect(app.log()).not.toContain(app.fake.state.projectKey);
    app.fake.state.mode["/batch/"] = "ok";
    await sendInBackground(app);
    await sendInBackground(app);
    expect(
      lines(app)
        .map(({ level, msg }) => [level, msg])
        .slice(1),
    ).toEqual([[info, "PostHog takes events again"]]);
  },
);

test("events that PostHog cannot read are left out, and the log says so", async () => {
  const app = await start();
  app.fake.state.mode["/batch/"] = "400";
  await sendInBackground(app);
  app.fake.state.mode["/batch/"] = "ok";
  app.posthog.client.capture({ distinctId: "somebody", event: "after" });
  expect((await app.captured()).map(({ event }) => event)).toEqual(["after"]);
  expect(lines(app).map(({ msg }) => msg)).toEqual(["PostHog refused events; they are left out", "PostHog takes events again"]);
});

test("POSTHOG_ERROR_MODE=ignore writes nothing, POSTHOG_DEBUG writes each time", async () => {
  const quiet = await start({ POSTHOG_ERROR_MODE: "ignore" });
  quiet.fake.state.mode["/batch/"] = "500";
  await sendInBackground(quiet);
  expect(asked(quiet)).toBeGreaterThan(0);
  expect(lines(quiet)).toEqual([]);

  const said = [console.log, console.debug, console.warn];
  console.log = console.debug = console.warn = () => {};
  try {
    const loud = await start({ POSTHOG_DEBUG: "true" });
    loud.fake.state.mode["/batch/"] = "500";
    for (let i = 0; i < 3; i++) await sendInBackground(loud);
    expect(lines(loud).map(({ level }) => level)).toEqual([warn, warn, warn]);
    expect(loud.log()).not.toContain(loud.fake.state.projectKey);
  } finally {
    [console.log, console.debug, console.warn] = said as [typeof console.log, typeof console.debug, typeof console.warn];
  }
});

test("definitions that do not come stand in the log once, with why, and once more when they come", async () => {
  const app = await start({ POSTHOG_SECRET_KEY: "phx_fake", POSTHOG_FLAG_POLL_INTERVAL: "1" });
  const polls = () => app.fake.state.requests["/flags/definitions"] ?? 0;
  const more = async (n: number) => {
    const before = polls();
    await until(
      async () => polls() >= before + n || undefined,
      20_000,
      () => "there were no polls",
    );
  };
  app.fake.state.mode["/flags/definitions"] = "500";
  await more(4);
  app.fake.state.mode["/flags/definitions"] = "ok";
  await more(2);
  expect(lines(app).map(({ level, msg, why }) => [level, msg, why])).toEqual([
    [warn, "PostHog gives no flag definitions; going on with those it gave last", "PostHog answered 500 to a question about flags."],
    [info, "PostHog gives flag definitions again", undefined],
  ]);
  expect(app.log()).not.toContain("phx_fake");
});

test.each(["refuse", "silent", "500", "401"] as const)(
  "a process that ends while PostHog does this (%s) ends without a complaint",
  async (mode) => {
    const app = await start();
    app.fake.state.mode.default = mode;
    await app.fake.ready();
    fillQueue(app);
    fillQueue(app);
    await app.close();
    open.pop();
    expect(lines(app).filter(({ level }) => level > warn)).toEqual([]);
  },
);
