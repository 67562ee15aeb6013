import { describe, expect, test } from "vitest";
import { measured } from "~tests/measured";
import { passwordProblem } from "./password-policy.server";

const ada = { email: "ada.lovelace@example.com", name: "Ada Lovelace" };
const random = (length: number) => [...Array(length).keys()].map((i) => String.fromCharCode(97 + ((i * i * 7 + 3 * i) % 26))).join("");

test("12 to 200 characters are taken, counted as people count, on both sides of the limits", () => {
  expect(passwordProblem(random(11), ada)).toMatch(/at least 12/);
  expect(passwordProblem(random(12), ada)).toBeNull();
  expect(passwordProblem(random(64), ada)).toBeNull();
  expect(passwordProblem(random(200), ada)).toBeNull();
  expect(passwordProblem(random(201), ada)).toMatch(/at most 200/);
  expect(passwordProblem("🦊🐢🌲🥨🎺🪁🧭🛶🍄🪴🥁", ada)).toMatch(/at least 12/);
  expect(passwordProblem("🦊🐢🌲🥨🎺🪁🧭🛶🍄🪴🥁🔭", ada)).toBeNull();
});

describe("what is guessed first is refused:", () => {
  test.each([
    "password1234",
    "P@ssw0rd!2026",
    "123password123",
    "Passw0rd12345",
    "qwertyuiop123",
    "1qaz2wsx3edc",
    "letmein12345",
    "iloveyouforever",
    "Welcome2026!!",
    "administrator",
    "Administrator1!",
    "changeme1234",
    "correcthorsebatterystaple",
    "summer2026!!!",
    "superman1234!",
    "aaaaaaaaaaaa",
    "abcabcabcabc",
    "121212121212",
    "123456789012",
    "abcdefghijkl",
    "zyxwvutsrqponm",
    "098765432109",
    "            ",
  ])("%s", (password) => {
    expect(passwordProblem(password, ada)).not.toBeNull();
  });
});

describe("what is guessed first with something around it, between it or after it is refused:", () => {
  test.each([
    "Password123!Password",
    "passwordpassword",
    "p4ssw0rd!p4ssw0rd!",
    "password-password-1",
    "Welcome2026Welcome",
    "letmein!letmein!letmein",
    "adminadminadmin1",
    "qwertyuiopasdf",
    "asdfghjkl12345",
    "helloworldhello",
    "Summer2026!Winter",
    "walruswalrus",
    "walruswalruswalrus",
    "1234567890qwertz",
    "dragon2025dragon2026",
  ])("%s", (password) => {
    expect(passwordProblem(password, ada)).toMatch(/Use a few words that do not belong together\.$/);
  });
});

test("the longest password costs no more than a few hundred short ones, whatever it repeats", measured, () => {
  const cost = (password: string, times: number) => {
    const before = performance.now();
    for (let i = 0; i < times; i++) passwordProblem(password, ada);
    return (performance.now() - before) / times;
  };
  cost("walrus teapot", 200);
  const short = cost("walrus teapot", 200);
  for (const piece of ["a", "ab", "password", "qwertyuiop", "1!aA", "abcdefgh1990", "walrus teapot grammar "]) {
    expect(cost(piece.repeat(200).slice(0, 200), 20) / short).toBeLessThan(300);
  }
});

describe("a name or address with little else is refused:", () => {
  test.each(["Lovelace2026!", "ada.lovelace1", "latchkey-2026", "example.com12", "!!!Lovelace!!"])("%s", (password) => {
    expect(passwordProblem(password, ada)).toMatch(/too little is left to guess/);
  });
});

describe("what is hard to guess is taken, whatever it is made of:", () => {
  test.each([
    "walrus teapot grammar",
    "correct horse plinth 9",
    "lovelace teapot grammar walrus",
    "密码很长而且很难猜到的一句话",
    "x7Gq2mVt9sLd",
    "        walrus        ",
    "violet otter signs",
    "another long sentence",
    "the admin of a purple kettle",
    "walrus walrus grammar",
  ])("%s", (password) => {
    expect(passwordProblem(password, ada)).toBeNull();
  });
});
