import { exportCatalogue } from "~/server/catalogue/export.server";
import { featureKey, planKey, tenantKey } from "../tests/support/large-dataset";
import { benchKey, copyOf, withServices } from "./database";
import { largeDatabase, largeSize } from "./large-database";
import { rounded } from "./numbers";
import { samplesOf } from "./pages";
import { fromHere, startNode, startServer, stop, untilLine } from "./process";
import { benchSession } from "./session";

/** Of the paced check, in ms. */
const everyMs = 5;
const hot = 1_000;
const pollMs = 100;
const settleMs = 20_000;
const manyCells = 50;

/** `first`: the estimate is there. `end`: every tenant is named. In ms since it was asked for. */
type Took = { firstMs: number; endMs: number; slowestCheckMs: number; effects: string };

/**
 * The impact of one cell, of 50 cells and of an import that archives half of the catalogue, at 100,000 tenants on 1,000
 * plans and 1,000 features: time to the first figure and to the end, and the slowest of the paced checks beside it.
 */
export async function benchImpact() {
  const file = copyOf(await largeDatabase(largeSize), "impact");
  const { key, cookie, half } = await withServices(file, async (services) => ({
    key: await benchKey(services),
    cookie: await benchSession(services),
    half: halfOf(await exportCatalogue(services, { tenants: false, format: "json" })),
  }));
  const server = await startServer(file);
  const { port } = server;
  const paths = Array.from({ length: hot }, (_, i) => `/api/entitlements?tenant=${tenantKey(i)}&feature=${featureKey(i % 20)}`);
  const checks = startNode([fromHere("paced-checks.mjs")], 1, { input: JSON.stringify({ port, paths, key, everyMs }) });
  const visit = (path: string, body?: URLSearchParams | FormData) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: body ? "POST" : "GET",
      headers: { cookie, origin: `http://127.0.0.1:${port}` },
      body,
      redirect: "manual",
    });
  const form = (fields: Record<string, string>) => new URLSearchParams(fields);
  try {
    await untilLine(checks, /ready/);
    // The worker process computes figures of a database that is new to it, and the first page compiles.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    for (let i = 0; i < 3; i++) await (await visit("/plans")).text();
    const spans: { name: string; began: number; first: number; end: number; effects: string }[] = [];
    const measure = async (name: string, first: () => Promise<string | null>, start: () => Promise<string>) => {
      const began = Date.now();
      const started = await first();
      const firstAt = Date.now();
      const id = started ?? (await start());
      const effects = await untilNamed(visit, id);
      spans.push({ name, began, first: firstAt, end: Date.now(), effects });
    };
    const idOf = (answer: Response) => /imp_[A-Za-z0-9]+/.exec(answer.headers.get("location") ?? "")?.[0] ?? "";
    const cell = { plan: planKey(0), feature: featureKey(0), value: null };
    await measure(
      "one cell",
      async () => {
        await (await visit(`/plans/${cell.plan}/features/${cell.feature}?gives=none&was=null`)).text();
        return null;
      },
      async () => idOf(await visit("/impact?index", form({ edit: JSON.stringify({ kind: "cells", cells: [cell] }) }))),
    );
    const cells = Array.from({ length: manyCells }, (_, i) => ({
      plan: planKey(i % 10),
      feature: featureKey(((i % 10) * 7 + Math.floor(i / 10)) % 1_000),
      text: "",
    }));
    await visit("/plans?index", form({ cells: JSON.stringify(cells) }));
    const draft = /\/drafts\/(dr_[A-Za-z0-9]+)/.exec(await (await visit("/plans")).text())?.[1] ?? "";
    await measure(
      `${manyCells} cells`,
      async () => {
        await (await visit(`/drafts/${draft}/effects`)).text();
        return null;
      },
      async () => idOf(await visit(`/drafts/${draft}`, form({ intent: "review" }))),
    );
    await measure(
      "an import that archives half of the catalogue",
      async () => {
        const body = new FormData();
        body.set("text", half);
        body.set("name", "half.json");
        const html = await (await visit("/import/preview", body)).text();
        return /imp_[A-Za-z0-9]+/.exec(html)?.[0] ?? "";
      },
      async () => "",
    );
    const samples = await samplesOf(checks);
    const results: { [name: string]: Took } = {};
    for (const { name, began, first, end, effects } of spans) {
      const beside = samples.filter(([sentAt, ms]) => sentAt + ms >= began && sentAt <= end).map(([, ms]) => ms);
      results[name] = { firstMs: first - began, endMs: end - began, slowestCheckMs: rounded(Math.max(0, ...beside)), effects };
    }
    return { tenants: largeSize.tenants, checkEveryMs: everyMs, expected: { firstMs: 1_000, endMs: 20_000 }, results };
  } finally {
    checks.kill();
    await stop(server.child);
  }
}

async function untilNamed(visit: (path: string) => Promise<Response>, id: string): Promise<string> {
  for (;;) {
    const html = await (await visit(`/impact/${id}`)).text();
    if (!/Looking at each tenant|Counting the tenants|It waits for/.test(html)) {
      if (!/Lose a feature/.test(html)) throw new Error(`/impact/${id} shows no tenants`);
      return [...html.matchAll(/(Lose a feature|Over the new limit|Get another value or limit|Gain a feature)<span[^>]*>([\d,]+)/g)]
        .map(([, label, n]) => `${label}: ${n}`)
        .join(", ");
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** The catalogue's file without every second feature, also in plans. */
function halfOf(text: string): string {
  const file = JSON.parse(text);
  const kept = new Set(Object.keys(file.features).filter((_, i) => i % 2 === 0));
  const only = (named: object) => Object.fromEntries(Object.entries(named).filter(([key]) => kept.has(key)));
  const bundle = (plans: Record<string, { features: object }> = {}) =>
    Object.fromEntries(Object.entries(plans).map(([key, plan]) => [key, { ...plan, features: only(plan.features ?? {}) }]));
  return JSON.stringify({
    ...file,
    features: only(file.features),
    plans: bundle(file.plans),
    ...(file.addOns ? { addOns: bundle(file.addOns) } : {}),
  });
}
