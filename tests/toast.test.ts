import { describe, expect, test } from "vitest";
import { readToast, toastCookie } from "~/server/http/toast.server";

const cookie = (line: string) => line.split(";")[0] as string;
const ids = (count: number) => Array.from({ length: count }, (_, i) => `gr_${String(i).padStart(20, "0")}`);

describe("a toast", () => {
  test.each(["acme", "a;b:c,d", "Ä%2F 🎉"])("that offers to undo trials of the tenant %s is read as it was written", (tenant) => {
    const undo = { tenant, grants: ids(3) };
    expect(readToast(cookie(toastCookie("Acme: has SSO; until Friday.", "success", undo)))).toEqual({
      kind: "success",
      text: "Acme: has SSO; until Friday.",
      undo,
    });
  });
  test("without an offer is read without one, whatever its text looks like", () => {
    for (const text of ["Saved.", "success;acme;gr_1:Saved.", "a:b;c"]) {
      expect(readToast(cookie(toastCookie(text, "info")))).toEqual({ kind: "info", text });
    }
  });
  test("stays within a browser's 4096 bytes and keeps its sentence, and leaves the offer out where there is no room", () => {
    for (const [text, tenant, count] of [
      ["é".repeat(400), "t", 60],
      ["🎉".repeat(400), "🎉".repeat(100), 60],
      ["x", "é".repeat(200), 100],
    ] as const) {
      const line = toastCookie(text, "success", { tenant, grants: ids(count) });
      expect(line.length).toBeLessThan(4_096);
      expect(text.startsWith(readToast(cookie(line))?.text ?? "nothing")).toBe(true);
    }
    expect(readToast(cookie(toastCookie("x", "success", { tenant: "t", grants: ids(60) })))?.undo?.grants.length).toBe(60);
    expect(readToast(cookie(toastCookie("x", "success", { tenant: "t", grants: ids(61) })))?.undo).toBeUndefined();
  });
});
