import { expect, test } from "vitest";
import { exceptionOf, failing, page } from "../../support/captured-pages";
import { startGuide } from "../../support/guide";

// What goes wrong while a request is answered is captured in its context, and then goes on as if nobody had looked.
test("an exception is captured once, with whose request it was, and raised as before", async () => {
  const app = await startGuide({ pages: { failing } });
  const owner = await app.signIn("owner");

  const answer = await owner.get("/failing", { "x-who": "ada" });

  expect(answer.status).toBe(500);
  expect(app.log()).toContain("no walrus for ada");
  const [event, ...more] = await app.captured("$exception");
  expect(more).toEqual([]);
  expect(exceptionOf(event?.properties).value).toBe("no walrus for ada");
  expect(event).toMatchObject({
    distinct_id: "adm_owner",
    properties: { $request_path: "/failing", $request_method: "GET", email: "adm_owner@example.com", $response_status_code: 500 },
  });
});

test("so are those of actions, and of data that script fetches", async () => {
  const app = await startGuide({ pages: { failing } });
  const owner = await app.signIn("owner");

  expect((await owner.get("/failing.data", { "x-who": "bob" })).status).toBe(500);
  expect((await owner.post("/failing")).status).toBe(500);

  const events = await app.captured("$exception");
  expect(events.map(({ properties }) => exceptionOf(properties).value)).toEqual(["no walrus for bob", "no teapot"]);
  expect(events[0]?.properties?.$request_path).toBe("/failing");
});

const leaky = page(() => {
  const password = "walrus-in-code";
  throw new Error(`cannot connect with ${password.slice(0, 0)}postgres://ada:s3cret@db/x and lk_live_Ab12Cd34Ef56`);
});

test("no secret goes along, and no code", async () => {
  const app = await startGuide({ pages: { leaky } });

  await app.browser().get("/leaky");

  const [event] = await app.captured("$exception");
  const { value, stacktrace } = exceptionOf(event?.properties);
  expect(value).toBe("cannot connect with postgres://hidden@db/x and lk_live_hidden");
  expect(stacktrace.frames.length).toBeGreaterThan(0);
  for (const frame of stacktrace.frames)
    for (const name of ["pre_context", "context_line", "post_context"]) expect(frame).not.toHaveProperty(name);
});

test("code goes along where it is asked for, masked too", async () => {
  const env = { POSTHOG_CAPTURE_EXCEPTION_CODE_VARIABLES: "true", POSTHOG_IN_APP_MODULES: "tests" };
  const app = await startGuide({ pages: { leaky }, env });

  await app.browser().get("/leaky");

  const [event] = await app.captured("$exception");
  const { frames } = exceptionOf(event?.properties).stacktrace;
  expect(frames.some((frame) => "context_line" in frame)).toBe(true);
  expect(JSON.stringify(event)).not.toMatch(/walrus-in-code|s3cret|Ab12Cd34/);
  const own = frames.filter((frame) => frame.in_app).map((frame) => String(frame.filename));
  expect(own.length).toBeGreaterThan(0);
  expect(own.every((file) => `/${file}`.includes("/tests/"))).toBe(true);
});
