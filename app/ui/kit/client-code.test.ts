import ts from "typescript";
import { expect, test } from "vitest";
import { clientCode } from "./client-code";

const origin = "https://latchkey.example.com";
const problemsOf = (code: string) =>
  ts.transpileModule(code, { reportDiagnostics: true, compilerOptions: { module: ts.ModuleKind.ESNext } }).diagnostics ?? [];

test.each(["acme", 'say "hi"', "it's", "`x`", "\\", "a\u2028b", "🦊"])("a tenant %j is one text in the code", (tenant) => {
  for (const type of ["boolean", "config", "metered"] as const) {
    for (const details of [{}, { user: tenant, requested: 5 }, { at: "2026-12-13T18:12:00.000Z" }]) {
      const code = clientCode(origin, tenant, { key: "sso", type }, details);
      expect(problemsOf(code)).toEqual([]);
      if (!("at" in details)) expect(code).toContain(`(${JSON.stringify(tenant)}, "sso"`);
    }
  }
});

test("an amount and a user are asked for with the feature", () => {
  expect(clientCode(origin, "acme", { key: "calls", type: "metered" }, { user: "u1", requested: 50 })).toContain(
    'const { entitled, limit, remaining } = await latchkey.decide("acme", "calls", { user: "u1", requested: 50 });',
  );
});
