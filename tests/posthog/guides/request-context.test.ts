import { expect, test } from "vitest";
import { failing, seen } from "../../support/captured-pages";
import { startGuide } from "../../support/guide";

// Everything captured during a request carries its identity. Here a page captures "seen".
const pages = { seen, failing };

test("session and distinct id come from the headers that PostHog's browser library sends; where and what is told besides", async () => {
  const app = await startGuide({ pages });

  await app.browser().get("/seen?page=2&q=Ada", {
    "x-posthog-session-id": "session-1",
    "x-posthog-distinct-id": "user-1",
    "user-agent": "TestBrowser/1",
  });

  const [event] = await app.captured("seen");
  expect(event?.distinct_id).toBe("user-1");
  expect(event?.properties).toMatchObject({
    own: 1,
    $session_id: "session-1",
    $current_url: `${app.url}/seen?page=2&q=hidden`,
    $request_method: "GET",
    $request_path: "/seen",
    $user_agent: "TestBrowser/1",
    $raw_user_agent: "TestBrowser/1",
  });
  for (const absent of ["$ip", "email", "admin_id"]) expect(event?.properties).not.toHaveProperty(absent);
});

test("a signed-in admin is the one who did it, by id and address", async () => {
  const app = await startGuide({ pages });
  const owner = await app.signIn("owner");

  await owner.get("/seen");

  const [event] = await app.captured("seen");
  expect(event).toMatchObject({ distinct_id: "adm_owner", properties: { admin_id: "adm_owner", email: "adm_owner@example.com" } });
});

test("extra tags are added, and may replace what is there", async () => {
  const app = await startGuide({
    pages,
    posthogHooks: { extraTags: (request) => ({ region: request.header("X-Region"), $request_method: "FETCH", empty: "" }) },
  });

  await app.browser().get("/seen", { "x-region": "eu" });

  const [event] = await app.captured("seen");
  expect(event?.properties).toMatchObject({ region: "eu", $request_method: "FETCH", $request_path: "/seen" });
  expect(event?.properties).not.toHaveProperty("empty");
});

test("the tag map has the last word, and may take away", async () => {
  const app = await startGuide({
    pages,
    posthogHooks: { extraTags: () => ({ region: "eu" }), tagMap: (tags) => ({ only: tags.region }) },
  });

  await app.browser().get("/seen");

  const [event] = await app.captured("seen");
  expect(event?.properties).toMatchObject({ only: "eu", own: 1 });
  for (const gone of ["region", "$current_url", "$request_path"]) expect(event?.properties).not.toHaveProperty(gone);
});

test("a request that the filter does not want is answered, has no context, and its exceptions are not captured", async () => {
  const app = await startGuide({ pages, posthogHooks: { requestFilter: ({ path }) => !["/seen", "/failing"].includes(path) } });

  expect((await app.browser().get("/seen", { "x-posthog-distinct-id": "user-1" })).status).toBe(200);
  expect((await app.browser().get("/failing")).status).toBe(500);

  const [event] = await app.captured("seen");
  expect(event?.distinct_id).not.toBe("user-1");
  expect(event?.properties).not.toHaveProperty("$current_url");
  expect(await app.captured("$exception")).toEqual([]);
});
