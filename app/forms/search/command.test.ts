import { expect, test } from "vitest";
import { parseCommand } from "./command";

test.each([
  ["trial acme sso 30", { verb: "trial", words: ["acme", "sso"], days: 30 }],
  ["trial acme sso", { verb: "trial", words: ["acme", "sso"], days: 14 }],
  ["TRIAL Café  single sign-on 7d", { verb: "trial", words: ["cafe", "single", "sign-on"], days: 7 }],
  ["trial acme sso 1 day", { verb: "trial", words: ["acme", "sso"], days: 1 }],
  ["trial acme sso 3650 days", { verb: "trial", words: ["acme", "sso"], days: 3_650 }],
  ["extend acme sso 2", { verb: "extend", words: ["acme", "sso"], days: 2 }],
  ["trial acme days", { verb: "trial", words: ["acme", "days"], days: 14 }],
  ["plan acme 14", { verb: "plan", words: ["acme", "14"], days: 14 }],
])("%j is a command", (text, command) => expect(parseCommand(text)).toEqual(command));

test.each(["", "trial", "trials acme sso", "acme trial sso", "constructor acme", "__proto__ x y"])("%j is a search", (text) =>
  expect(parseCommand(text)).toBeNull(),
);

test.each([
  ["trial acme", "Name a tenant and a feature"],
  ["trial acme 14", "Name a tenant and a feature"],
  ["trial acme sso 0", "A trial has at least one day."],
  ["trial acme sso 3651", "A trial has up to 3,650 days."],
])("%j cannot be followed, and says why", (text, problem) =>
  expect(parseCommand(text)).toMatchObject({ problem: expect.stringContaining(problem) }),
);
