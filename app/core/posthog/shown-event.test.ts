import { expect, test } from "vitest";
import { shownEvent } from "./shown-event";

const token = "q3Zr0bGm7wYh-1nXk_8uLsTe2vDcJa5PfOi9RyBx4Wd";

test("an event of the browser keeps what it says, and loses every token in its addresses", () => {
  const url = `http://latchkey.test/invite/${token}?q=Ada`;
  const event = {
    event: "$pageview",
    uuid: "u",
    properties: {
      $current_url: url,
      $pathname: `/invite/${token}`,
      $referrer: "$direct",
      $screen_width: 800,
      title: "Tenants",
      $groups: { organization: "a/b" },
    },
    $set: { $initial_referrer: url, email: "ada@example.com" },
    $set_once: { $initial_pathname: `/setup/${token}` },
  };
  const shown = shownEvent(event);
  expect(JSON.stringify(shown)).not.toContain(token);
  expect(shown).toMatchObject({
    event: "$pageview",
    uuid: "u",
    properties: {
      $current_url: "http://latchkey.test/invite/hidden?q=hidden",
      $pathname: "/invite/hidden",
      $referrer: "$direct",
      $screen_width: 800,
      title: "Tenants",
      $groups: { organization: "a/b" },
    },
    $set: { email: "ada@example.com" },
  });
  expect(event.properties.$current_url).toBe(url);
});

test("a recording keeps its frames, and loses the tokens in the addresses of its pages", () => {
  const frame = { type: 3, data: { source: 2, x: 1 } };
  const meta = { type: 4, data: { href: `http://latchkey.test/setup/${token}`, width: 800 } };
  const custom = { type: 5, data: { tag: "$pageview", payload: { href: `http://latchkey.test/setup/${token}` } } };
  const shown = shownEvent({ event: "$snapshot", properties: { $snapshot_data: [frame, meta, custom, "packed"] } });
  expect(shown.properties.$snapshot_data).toEqual([
    frame,
    { type: 4, data: { href: "http://latchkey.test/setup/hidden", width: 800 } },
    { type: 5, data: { tag: "$pageview", payload: { href: "http://latchkey.test/setup/hidden" } } },
    "packed",
  ]);
});
