import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { readDraftView, startDraftImpact } from "~/server/catalogue/draft-page.server";
import { publishDraft } from "~/server/catalogue/draft-publication.server";
import { discardDraft, editDraft, findDraft, ownDraft, renameDraft, resolveDraftCell } from "~/server/catalogue/drafts.server";
import { createImpact } from "~/server/catalogue/impacts.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { findAct, undoAct } from "~/server/undo/undo.server";
import { listAuditHeads } from "~db/store/audit.server";
import { operator, seedBulkCatalogue } from "./support/bulk-world";
import { engines, startServices, type TestServices } from "./support/services";

const eve = { kind: "cli", id: "eve", name: "Eve" } as const;
const bob = { kind: "cli", id: "bob", name: "Bob" } as const;

describe.each(engines)("a draft of plans, on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
    await seedBulkCatalogue(s);
  });
  afterEach(() => s.stop());

  const entries = (plan: string) =>
    Object.fromEntries((s.facts.catalogue().plans.get(plan)?.entries ?? []).map(({ feature, value }) => [feature, value]));
  const edit = async (...cells: [plan: string, feature: string, value: true | number | null][]) => {
    const saved = await editDraft(
      s,
      eve,
      cells.map(([plan, feature, value]) => ({ plan, feature, value })),
    );
    if (!saved.ok) throw new Error(saved.message);
    return saved.draft;
  };
  const change = (plan: string, feature: string, value: number) =>
    changeCatalogue(s, operator, (facts, stamp) => setPlanEntries(facts, [{ plan, feature, value }], stamp));

  test("changes nothing until it is published, and then all of it as one act with its note, which undo takes back", async () => {
    const draft = await edit(["free", "sso", true], ["pro", "calls", 50]);
    expect([entries("free"), entries("pro")]).toEqual([{ calls: 10 }, { sso: true, calls: 100 }]);
    const done = await publishDraft(s, bob, draft.id, { version: draft.version, note: "Spring" });
    expect(done).toMatchObject({ ok: true, changed: true });
    expect([entries("free"), entries("pro")]).toEqual([
      { calls: 10, sso: true },
      { sso: true, calls: 50 },
    ]);
    const [entry] = await listAuditHeads(s.db.read, s.db.tables, {}, { size: 1 });
    expect(entry).toMatchObject({ action: "plan.entries_changed", why: "Draft of Eve: Spring" });
    const act = await findAct(s, entry?.seq ?? 0);
    if (!act?.ok) throw new Error("It cannot be undone.");
    expect(await undoAct(s, bob, act)).toMatchObject({ ok: true });
    expect([entries("free"), entries("pro")]).toEqual([{ calls: 10 }, { sso: true, calls: 100 }]);
  });

  test("is published once: the second person gets a sentence, and nothing more happens", async () => {
    const { id, version } = await edit(["free", "sso", true]);
    const both = await Promise.all([eve, bob].map((by) => publishDraft(s, by, id, { version, note: null })));
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    const refused = both.find(({ ok }) => !ok);
    expect(refused).toMatchObject({
      code: "stale",
      message: expect.stringMatching(/^(Eve|Bob) published Draft of Eve at .* Nothing was done now\.$/),
    });
    expect(await findDraft(s, id)).toMatchObject({ state: "published" });
    expect(await ownDraft(s, eve.id)).toBeNull();
    // A new edit begins another draft.
    expect((await edit(["free", "audit", true])).id).not.toBe(id);
  });

  test("that was edited since it was reviewed is not published", async () => {
    const { id, version } = await edit(["free", "sso", true]);
    await edit(["free", "audit", true]);
    expect(await publishDraft(s, bob, id, { version, note: null })).toMatchObject({ ok: false, code: "stale" });
    expect(entries("free")).toEqual({ calls: 10 });
  });

  test("with one cell that somebody else changed is refused whole, until its owner decides about that cell", async () => {
    const { id, version } = await edit(["free", "sso", true], ["free", "calls", 20], ["pro", "calls", 50]);
    await change("free", "calls", 15);
    // Equal to what the draft makes of it, so no conflict.
    await change("pro", "calls", 50);
    const refused = await publishDraft(s, bob, id, { version, note: null });
    expect(refused).toMatchObject({ ok: false, code: "stale", message: expect.stringContaining("Calls in Free was changed") });
    expect(entries("free")).toEqual({ calls: 15 });
    const at = { plan: "free", feature: "calls" };
    expect(await resolveDraftCell(s, bob, id, at, "mine")).toMatchObject({ ok: false, message: expect.stringContaining("Eve's draft") });
    const mine = await resolveDraftCell(s, eve, id, at, "mine");
    if (!mine.ok) throw new Error(mine.message);
    expect(await publishDraft(s, bob, id, { version: mine.draft.version, note: null })).toMatchObject({ ok: true });
    expect([entries("free"), entries("pro").calls]).toEqual([{ calls: 20, sso: true }, 50]);
  });

  test("keeps an edit that goes back to what the cell was before somebody else changed it, as a conflict", async () => {
    const { id } = await edit(["free", "calls", 20]);
    await change("free", "calls", 15);
    const { cells, version } = await edit(["free", "calls", 10]);
    expect(cells).toEqual([{ plan: "free", feature: "calls", value: 10, was: 10 }]);
    expect(await publishDraft(s, bob, id, { version, note: null })).toMatchObject({ ok: false, code: "stale" });
    const mine = await resolveDraftCell(s, eve, id, { plan: "free", feature: "calls" }, "mine");
    if (!mine.ok) throw new Error(mine.message);
    expect(await publishDraft(s, bob, id, { version: mine.draft.version, note: null })).toMatchObject({ ok: true });
    expect(entries("free")).toEqual({ calls: 10 });
    await edit(["free", "calls", 20]);
    await change("free", "calls", 15);
    // What it is now changes nothing.
    expect((await edit(["free", "calls", 15])).cells).toEqual([]);
  });

  test("shows the names of tenants only for its version and the catalogue as it is", async () => {
    const draft = await edit(["free", "sso", true]);
    const found = await startDraftImpact(s, eve, draft);
    if (!found.ok) throw new Error(found.message);
    const view = async (impact = found.job.id) =>
      (await readDraftView(s, draft.id, { page: 1, impact }, new AbortController().signal))?.impact;
    expect(await view()).toMatchObject({ job: { id: found.job.id } });
    const other = await createImpact(s, eve, { title: "Other", source: { kind: "cells", cells: [] } });
    if (!other.ok) throw new Error(other.message);
    expect(await view(other.job.id)).toBeNull();
    await change("free", "calls", 15);
    expect(await view()).toBeNull();
    const again = await startDraftImpact(s, eve, draft);
    if (!again.ok) throw new Error(again.message);
    expect(await view(again.job.id)).not.toBeNull();
    await edit(["free", "audit", true]);
    expect(await view(again.job.id)).toBeNull();
  });

  test("of someone else is discarded only if that is confirmed, as it was shown, and with an audit entry", async () => {
    const { id, version } = await edit(["free", "sso", true]);
    const discard = (version: number, confirmed?: "on") => discardDraft(s, bob, id, { version, confirmed });
    expect(await discard(version)).toMatchObject({ ok: false, message: "Confirm that you discard what Eve edited." });
    await edit(["free", "audit", true]);
    expect(await discard(version, "on")).toMatchObject({ ok: false, code: "stale" });
    expect(await discard(version + 1, "on")).toMatchObject({ ok: true, draft: { state: "discarded", closedBy: "Bob" } });
    const [entry] = await listAuditHeads(s.db.read, s.db.tables, { action: "draft.discarded" }, { size: 2 });
    expect(entry).toMatchObject({ subject: "Draft of Eve", actorName: "Bob" });
    expect(await ownDraft(s, eve.id)).toBeNull();
  });

  test("loses a cell that becomes what it was, refuses bad cells whole, and can be renamed and discarded by its owner", async () => {
    await edit(["free", "sso", true], ["free", "calls", 20]);
    expect((await edit(["free", "calls", 10])).cells).toEqual([{ plan: "free", feature: "sso", value: true, was: null }]);
    const bad = await editDraft(s, eve, [
      { plan: "free", feature: "audit", value: true },
      { plan: "free", feature: "calls", value: -1 },
    ]);
    expect(bad).toMatchObject({ ok: false, code: "value_invalid" });
    const { id = "", cells } = (await ownDraft(s, eve.id)) ?? {};
    expect(cells).toHaveLength(1);
    expect(await renameDraft(s, eve, id, "Prices")).toMatchObject({ ok: true });
    expect(await discardDraft(s, bob, id)).toMatchObject({ ok: false });
    expect(await discardDraft(s, eve, id)).toMatchObject({ ok: true });
    expect(await publishDraft(s, bob, id, { version: 99, note: null })).toMatchObject({
      ok: false,
      message: expect.stringContaining("Eve discarded Prices"),
    });
    expect(entries("free")).toEqual({ calls: 10 });
  });
});
