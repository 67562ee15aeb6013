import { expect, test } from "vitest";
import { readTheme, themeCookie } from "~/ui/shell/theme";
import { readToast, toastCookie } from "./toast.server";

const sent = (setCookie: string) => `other=1; ${setCookie.split(";")[0]}; last=2`;

test("a sentence arrives on the next page as it was written", () => {
  const text = "Trial of “AI search” granted; until 4 Dec 2026, 100 % 🎉";
  expect(readToast(sent(toastCookie(text)))).toEqual({ kind: "success", text });
  expect(readToast(sent(toastCookie("No.\nTry again.", "error")))).toEqual({ kind: "error", text: "No.\nTry again." });
});

test("a cookie stays under the size that browsers keep, whatever the text", () => {
  expect(toastCookie("🎉".repeat(5000)).length).toBeLessThan(4096);
});

test("a broken or foreign cookie is no sentence and no theme", () => {
  for (const cookie of [null, "", "toast=", "toast=%E0%A4%A", "toast=script:x", "toast=success:", "nottoast=success%3Ahi"])
    expect(readToast(cookie)).toBeNull();
  for (const cookie of [null, "theme=", "theme=neon", "xtheme=dark"]) expect(readTheme(cookie)).toBe("system");
  expect(readTheme(sent(themeCookie("dark")))).toBe("dark");
});
