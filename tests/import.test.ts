import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { registerExport } from "~/cli/export.server";
import { exitCodeOf, sayProblem } from "~/cli/failure.server";
import { registerImport } from "~/cli/import.server";
import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { isEmptyDiff } from "~/core/import/import-words";
import type { Actor } from "~/core/model";
import { day } from "~/core/time";
import { exportCatalogue } from "~/server/catalogue/export.server";
import { applyImport, previewImport, readCatalogueFile } from "~/server/catalogue/import.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { listAudit } from "~db/store/audit.server";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { now } from "./support/facts";
import { engines, startServices, type TestServices } from "./support/services";
import { temporaryFolder } from "./support/temporary-folder";

const actor: Actor = { kind: "admin", id: "ad_1", name: "Ada" };
const iso = (at: number) => new Date(at).toISOString();

const text = `latchkey: 1
features:
  sso: Single sign-on
  retired_thing: { archived: 2026-01-01T00:00:00Z }
  seats: { meter: { resetPeriod: never, unit: seats } }
  look: { config: { kind: json } }
plans:
  old: { archived: 2026-02-01T00:00:00Z, features: [retired_thing] }
  free: { name: Free, includes: old, features: { seats: 3 } }
  pro: { name: Pro, includes: free, features: { sso: true, seats: unlimited, look: { z: 1, a: [2] } } }
addOns:
  more: { features: { seats: 5 } }
  extra: { features: [sso] }
tenants:
  __proto__: { plan: free }
  constructor: { name: On an old plan, plan: old, status: archived, grants: [ { trial: retired_thing, endsAt: ${iso(now + day)} } ] }
  acme:
    name: Acme
    plan: pro
    addOns: [more, extra]
    metadata: { region: eu, "10": { nested: [1, null] } }
    grants:
      - { trial: sso, endsAt: ${iso(now + 14 * day)}, note: for the pilot }
      - { allow: seats, value: 99 }
      - { trial: look, value: { x: 1 }, startsAt: ${iso(now + day)}, endsAt: ${iso(now + 2 * day)} }
      - { trial: seats, value: 1, endsAt: ${iso(now - 1)} }
`;

function readOf(source: string, name = "f.yaml") {
  const read = readCatalogueFile(name, source);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read;
}

describe.each(engines)("importing and exporting on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
  });
  afterEach(() => s.stop());

  const audits = async () => (await listAudit(s.db.read, s.db.tables, {}, { size: 100 })).length;
  const tenantOf = (key: string, of = s) => readTenantFacts(of.db.read, of.db.tables, key);

  it("shows first what it will do and writes nothing, then does exactly that in one go", async () => {
    const read = readOf(text);
    const preview = await previewImport(s, read);
    expect(await audits()).toBe(0);
    expect(preview).toMatchObject({
      ok: true,
      revision: 0,
      diff: { tenants: { skipped: ["Acme: the trial of seats ended on 20 November 2026"] } },
    });
    const done = await applyImport(s, read, actor, { expectedRevision: 0 });
    expect(done).toMatchObject({ ok: true, changed: true });
    expect(done.ok && done.diff).toEqual(preview.ok && preview.diff);
    expect(await tenantOf("acme")).toMatchObject({
      name: "Acme",
      plan: "pro",
      grants: [{ kind: "trial" }, { kind: "override" }, { kind: "trial" }],
    });
    expect((await tenantOf("__proto__"))?.plan).toBe("free");
    expect(s.facts.catalogue().plans.get("pro")?.name).toBe("Pro");
    // One row for the catalogue and one for each tenant, with the file's name as the reason.
    const rows = await listAudit(s.db.read, s.db.tables, {}, { size: 100 });
    expect(rows.map((r) => [r.action, r.subject, r.why])).toEqual([
      ["tenant.created", "acme", "Import of f.yaml"],
      ["tenant.created", "constructor", "Import of f.yaml"],
      ["tenant.created", "__proto__", "Import of f.yaml"],
      ["catalogue.imported", "", "Import of f.yaml"],
    ]);
  });

  it("changes nothing the second time, also later while the grants last", async () => {
    await applyImport(s, readOf(text), actor);
    const before = await audits();
    s.clock.now += day / 2;
    const again = await applyImport(s, readOf(text), actor);
    expect(again).toMatchObject({ ok: true, changed: false });
    expect(again.ok && isEmptyDiff(again.diff)).toBe(true);
    expect(await audits()).toBe(before);
  });

  it.each(["yaml", "json"] as const)("exports to %s what imports to the same state elsewhere, and changes nothing here", async (format) => {
    await applyImport(s, readOf(text), actor);
    const exported = await exportCatalogue(s, { tenants: true, format });
    const other = await startServices("sqlite");
    try {
      const done = await applyImport(other, readOf(exported, `export.${format}`), actor);
      expect(done).toMatchObject({ ok: true, changed: true });
      expect(await exportCatalogue(other, { tenants: true, format })).toBe(exported);
      const unnumbered = (facts: object) =>
        JSON.parse(JSON.stringify(facts, (field, value) => (field === "revision" || field === "id" ? 0 : value)));
      expect(unnumbered(await readCatalogueFacts(other.db.read, other.db.tables))).toEqual(
        unnumbered(await readCatalogueFacts(s.db.read, s.db.tables)),
      );
      for (const key of ["acme", "__proto__", "constructor"]) {
        expect(unnumbered((await tenantOf(key, other)) ?? {})).toEqual(unnumbered((await tenantOf(key)) ?? {}));
      }
    } finally {
      await other.stop();
    }
    expect(await applyImport(s, readOf(exported), actor)).toMatchObject({ ok: true, changed: false });
  });

  it("leaves tenants alone that the file does not name, and leaves them out of an export without tenants", async () => {
    await applyImport(s, readOf(text), actor);
    const acme = await tenantOf("acme");
    const done = await applyImport(s, readOf("latchkey: 1\nfeatures: { sso: }\nplans: { pro: { features: [sso] } }"), actor);
    expect(done).toMatchObject({ ok: true, changed: true });
    expect(await tenantOf("acme")).toEqual(acme);
    expect(await exportCatalogue(s, { tenants: false, format: "yaml" })).not.toContain("acme");
  });

  it("is refused whole, with the line, when one tenant of it is refused", async () => {
    await applyImport(s, readOf(text), actor);
    const before = [await audits(), await exportCatalogue(s, { tenants: true, format: "json" })];
    const clash = text.replace("sso: Single sign-on", "sso: SSO").replace(iso(now + 14 * day), iso(now + 20 * day));
    const refused = await applyImport(s, readOf(clash), actor);
    expect(refused).toMatchObject({ ok: false, problems: [{ line: 23 }] });
    expect(!refused.ok && refused.problems[0]?.message).toContain("already has a trial");
    expect(await previewImport(s, readOf(clash))).toEqual(refused);
    expect([await audits(), await exportCatalogue(s, { tenants: true, format: "json" })]).toEqual(before);
  });

  it("is refused with the line when a feature would change its type", async () => {
    await applyImport(s, readOf(text), actor);
    const refused = await applyImport(
      s,
      readOf("latchkey: 1\nplans: {}\nfeatures:\n  sso:\n    type: metered\n    meter: { resetPeriod: day }"),
      actor,
    );
    expect(refused).toMatchObject({ ok: false, problems: [{ line: 5 }] });
  });

  it("is refused when the catalogue was changed after the preview", async () => {
    await applyImport(s, readOf(text), actor);
    const read = readOf(text.replace("Single sign-on", "SSO"));
    const preview = await previewImport(s, read);
    await changeCatalogue(s, actor, (facts, stamp) => setPlanEntries(facts, [{ plan: "free", feature: "seats", value: 4 }], stamp));
    const expectedRevision = preview.ok ? preview.revision : -1;
    expect(await applyImport(s, read, actor, { expectedRevision })).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining("was changed since") }],
    });
  });
});

describe("the command line", () => {
  let s: TestServices;
  let folder: string;
  let out: string;
  let err: string;
  beforeEach(async () => {
    s = await startServices();
    folder = temporaryFolder("cli");
    [out, err] = ["", ""];
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      out += chunk;
      return true;
    });
    vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
      err += chunk;
      return true;
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await s.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...args: string[]) {
    [out, err] = ["", ""];
    const program = new Command().exitOverride();
    const open = async () => s;
    registerImport(program, open);
    registerExport(program, open);
    const code = await program.parseAsync(args, { from: "user" }).then(
      () => 0,
      (error) => {
        sayProblem(error);
        return exitCodeOf(error);
      },
    );
    return { out, err, code };
  }
  function file(name: string, content: string | Buffer): string {
    const at = path.join(folder, name);
    writeFileSync(at, content);
    return at;
  }

  it("imports with --yes, shows the diff, and says on the second run that there is nothing to do", async () => {
    const at = file("c.yaml", text);
    const first = await run("import", at, "--yes");
    expect(first).toMatchObject({ code: 0, err: "" });
    expect(first.out).toContain("  + sso (Single sign-on)\n");
    expect(first.out).toContain("This adds 4 features, 5 plans and add-ons, 3 tenants.\nImported.\n");
    expect((await run("import", at, "--yes")).out).toContain("All is already as the file says.\n");
    expect(JSON.parse((await run("import", at, "--yes", "--json")).out)).toMatchObject({ ok: true, changed: false });
  });

  it("asks nobody where there is no terminal, and writes nothing without --yes or with --dry-run", async () => {
    const at = file("c.yaml", text);
    expect(await run("import", at)).toMatchObject({ code: 1, err: expect.stringContaining("Add --yes") });
    expect(await run("import", at, "--yes", "--dry-run")).toMatchObject({ code: 0 });
    expect(s.facts.catalogue().revision).toBe(0);
  });

  it("says of a bad file what is wrong and where, of one that cannot be read why, and ends with 1", async () => {
    const bad = file("bad.yaml", "latchkey: 1\nfeatures:\n  a: { type: metred }\nplans: {}\n");
    expect(await run("import", bad, "--yes")).toMatchObject({
      code: 1,
      err: `${bad}:3: features.a.type: has to be one of boolean, config, metered, not “metred”\nNothing was imported.\n`,
    });
    expect(await run("import", path.join(folder, "none.yaml"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no such file"),
    });
    expect(await run("import", folder)).toMatchObject({ code: 1, err: expect.stringContaining("this is a folder") });
    expect(await run("import", file("latin.yaml", Buffer.from([0x61, 0xe9, 0x0a])))).toMatchObject({
      code: 1,
      err: expect.stringContaining("not UTF-8"),
    });
    expect(await run("import", file("huge.yaml", "#".repeat(5 * 1024 * 1024 + 1)))).toMatchObject({
      code: 1,
      err: expect.stringContaining("larger than 5 MB"),
    });
    expect(s.facts.catalogue().revision).toBe(0);
  });

  it("exports to the terminal and to a file, in the format of the file's name", async () => {
    await run("import", file("c.yaml", text), "--yes");
    expect((await run("export", "--tenants")).out).toContain("name: Acme");
    const json = path.join(folder, "out.json");
    expect(await run("export", "-o", json)).toMatchObject({ code: 0, out: "" });
    expect((await run("import", json, "--yes")).out).toBe("All is already as the file says.\n");
  });
});
