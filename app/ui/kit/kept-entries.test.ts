import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  clearKeptForms,
  dropPendingForm,
  type EnteredForm,
  isConnectionLost,
  type KeptForm,
  keepPendingForm,
  keptForms,
  readEntries,
  setPendingForm,
  withKeptForm,
} from "./kept-entries";
import { keptSentences, keptTitle } from "./kept-entries-words";

const text = (name: string, value: string) => ({ name, value, type: "text" });
const entered = (page: string, owner = "ada@example.com"): EnteredForm => ({
  owner,
  page,
  action: page,
  id: "",
  fields: [{ name: "name", value: page }],
  expected: null,
  omitted: [],
});
const kept = (page: string, owner?: string): KeptForm => ({ ...entered(page, owner), reason: "lost", idleMinutes: null });

describe("entries of a form", () => {
  test("are its text, choices and ticks, also those taken away", () => {
    const entries = readEntries([
      text("name", "Acme"),
      { name: "plan", type: "select-one", value: "free" },
      { name: "addOns", type: "checkbox", value: "sso", checked: false },
      { name: "expected", type: "hidden", value: "7" },
      { name: "intent", type: "submit", value: "save" },
    ]);
    expect(entries).toEqual({
      fields: [
        { name: "name", value: "Acme" },
        { name: "plan", value: "free" },
        { name: "addOns", value: "sso", checked: false },
      ],
      expected: "7",
      omitted: [],
    });
  });

  test("are not kept if the form has a password", () => {
    expect(readEntries([text("name", "Ada"), { name: "current", type: "password", value: "four-quiet-lanterns" }])).toBeNull();
  });

  test.each([
    { name: "clientSecret", type: "text", value: "s3cret" },
    { name: "code", type: "text", value: "123456", autocomplete: "one-time-code" },
    { name: "note", type: "text", value: "It is lk_live_0123456789abcdef." },
    { name: "note", type: "text", value: "phx_0123456789abcdef" },
    { name: "token", type: "hidden", value: "0123456789abcdef" },
  ])("leave out secrets: $name, $type, $value", (secret) => {
    expect(readEntries([secret])).toBeNull();
    expect(JSON.stringify(readEntries([text("name", "Acme"), secret]))).not.toContain(secret.value);
  });

  test("are bounded, and say what they leave out", () => {
    const entries = readEntries([
      text("long", "x".repeat(100_000)),
      text("name", "Acme"),
      { name: "file", type: "file", value: "C:\\fakepath\\plans.yaml", files: { length: 1 } },
    ]);
    expect(entries).toMatchObject({ fields: [{ name: "name", value: "Acme" }], omitted: ["long", "file"] });
  });
});

describe("what is kept", () => {
  const storage = new Map<string, string>();
  beforeEach(() => {
    vi.stubGlobal("sessionStorage", {
      getItem: (name: string) => storage.get(name) ?? null,
      setItem: (name: string, value: string) => void storage.set(name, value),
      removeItem: (name: string) => void storage.delete(name),
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    storage.clear();
  });

  test("reaches storage only after a failure, and leaves it when the server has answered", () => {
    setPendingForm(entered("/tenants/new"));
    expect(storage.size).toBe(0);
    expect(keepPendingForm("signed-out", 30)).toMatchObject({ page: "/tenants/new", reason: "signed-out", idleMinutes: 30 });
    expect(keptForms()).toHaveLength(1);
    dropPendingForm();
    expect(keptForms()).toHaveLength(1);
    setPendingForm(entered("/tenants/new"));
    dropPendingForm();
    expect(storage.size).toBe(0);
  });

  test("is cleared for all forms at sign-out", () => {
    setPendingForm(entered("/tenants/new"));
    keepPendingForm("lost");
    clearKeptForms();
    expect(storage.size).toBe(0);
  });

  test("is not promised if the browser refuses storage", () => {
    vi.stubGlobal("sessionStorage", undefined);
    setPendingForm(entered("/tenants/new"));
    expect(keepPendingForm("lost")).toBeNull();
    expect(keptForms()).toEqual([]);
  });

  test("is one version of a form, at most five forms, and one admin's", () => {
    const many = ["/a", "/b", "/c", "/d", "/e", "/f", "/f"].reduce<KeptForm[]>((forms, page) => withKeptForm(forms, kept(page)), []);
    expect(many.map(({ page }) => page)).toEqual(["/f", "/e", "/d", "/c", "/b"]);
    expect(withKeptForm(many, kept("/a", "grace@example.com"))).toHaveLength(1);
  });
});

test.each([
  [new TypeError("Failed to fetch"), true],
  [new TypeError("NetworkError when attempting to fetch resource."), true],
  [new TypeError("Load failed"), true],
  [new Error("Unable to decode turbo-stream response from URL: http://127.0.0.1/tenants.data"), true],
  [new TypeError("Cannot read properties of undefined (reading 'name')"), false],
  [{ status: 500, message: "Failed to fetch" }, false],
])("a lost connection is distinguished from an error of the page: %s", (error, isLost) => {
  expect(isConnectionLost(error)).toBe(isLost);
});

test("a notice says why the form was not saved, and what is kept", () => {
  expect(`${keptTitle("signed-out", 30)}. ${keptSentences({ ...kept("/tenants/new"), reason: "signed-out" }, false)}`).toBe(
    "Signed out after 30 minutes of inactivity. Nothing was saved. Your entries are kept.",
  );
  expect(keptTitle("signed-out")).toBe("You were signed out");
  expect(keptSentences({ ...kept("/import"), omitted: ["file"] }, true)).toBe(
    "Your change may not have been saved. Your entries are kept. Choose the file again. The saved values have changed since then: check before you save.",
  );
  expect(keptSentences({ ...kept("/import"), fields: [], omitted: ["file"] }, false)).toBe(
    "Your change may not have been saved. Choose the file again.",
  );
});
