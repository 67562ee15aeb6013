import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { type Api, startApi } from "./api";
import { configFeature, feature, meteredFeature, plan } from "./facts";
import type { Given } from "./services";

/** One feature of each kind that acme has, and one of each that bare lacks. */
export async function startOfrepWorld(given: Given = {}): Promise<Api> {
  const api = await startApi("sqlite", given);
  const features = [
    feature("sso"),
    feature("no.sso"),
    meteredFeature("calls"),
    meteredFeature("seats", { resetPeriod: "never" }),
    configFeature("size", { kind: "number", better: "higher" }),
    configFeature("tone", { kind: "text", options: [] }),
    configFeature("theme", { kind: "json" }),
  ];
  const gives = { sso: true, calls: 100, seats: "unlimited", size: 2.5, tone: "warm", theme: { dark: true, steps: [1, 2] } };
  await api.catalogue(features, [plan("basic", gives), plan("top", { ...gives, "no.sso": true }, { rank: 20 })]);
  await api.tenant("acme", { name: "Acme", plan: "basic" });
  await api.tenant("bare", { name: "Bare" });
  return api;
}

/** The published schema refuses nearly every valid answer, because each value matches several of its alternatives. */
export function ofrepSchemas() {
  const file = readFileSync(new URL("../fixtures/ofrep-0.3.0.yaml", import.meta.url), "utf8");
  const document = JSON.parse(JSON.stringify(parse(file)).replaceAll('"oneOf":', '"anyOf":'));
  const ajv = new Ajv({ strict: false });
  addFormats(ajv);
  ajv.addSchema(document, "ofrep");
  return (name: string, value: unknown): string => {
    const isValid = ajv.getSchema(`ofrep#/components/schemas/${name}`);
    if (!isValid) throw new Error(`There is no schema ${name}.`);
    return isValid(value) ? "" : ajv.errorsText(isValid.errors);
  };
}

export const single = (api: Api, feature: string, context: unknown = { targetingKey: "acme" }, key?: string | null, headers = {}) =>
  api.send("POST", `/ofrep/v1/evaluate/flags/${feature}`, { context }, key === undefined ? api.keys.check : key, headers);

export const bulk = (api: Api, context: unknown = { targetingKey: "acme" }, key?: string | null, headers = {}) =>
  api.send("POST", "/ofrep/v1/evaluate/flags", { context }, key === undefined ? api.keys.check : key, headers);
