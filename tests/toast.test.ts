import { describe, expect, test } from "vitest";
import { readToast, toastCookie } from "~/server/http/toast.server";

const cookie = (line: string) => line.split(";")[0] as string;

describe("a toast", () => {
  test("that offers to undo an entry is read as it was written", () => {
    expect(readToast(cookie(toastCookie("Acme: has SSO; until Friday.", "success", 123)))).toEqual({
      kind: "success",
      text: "Acme: has SSO; until Friday.",
      undo: 123,
    });
  });
  test("without an offer is read without one, whatever its text looks like", () => {
    for (const text of ["Saved.", "success;12:Saved.", "a:b;c"]) {
      expect(readToast(cookie(toastCookie(text, "info")))).toEqual({ kind: "info", text });
    }
  });
  test("stays within a browser's 4096 bytes and keeps its sentence and its offer", () => {
    for (const text of ["é".repeat(400), "🎉".repeat(400), "x"]) {
      const line = toastCookie(text, "success", 999_999_999_999_999);
      expect(line.length).toBeLessThan(4_096);
      expect(text.startsWith(readToast(cookie(line))?.text ?? "nothing")).toBe(true);
    }
    expect(readToast(cookie(toastCookie("x", "success", 999_999_999_999)))?.undo).toBe(999_999_999_999);
  });
});
