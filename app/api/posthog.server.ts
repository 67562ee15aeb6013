import type { FastifyInstance } from "fastify";
import { metadataChoiceBody } from "~/forms/api-bodies";
import { findStaleFlags } from "~/server/catalogue/stale-flags.server";
import { whyNoGroups } from "~/server/posthog/groups/group-list.server";
import { chooseMetadata } from "~/server/posthog/groups/metadata-choice.server";
import { metadataOptions, readMetadataChoice } from "~/server/posthog/groups/synced-metadata.server";
import { driftStatus, startDrift } from "~/server/posthog/jobs/drift.server";
import type { Services } from "~/server/services.server";
import { refusalProblem } from "./http/answered.server";
import { conditionProblem } from "./http/conditions";
import { etagOf } from "./http/etag.server";
import type { Problem } from "./http/problem.server";
import { addRead, addWrite } from "./http/route.server";
import * as answers from "./openapi/posthog-answers";
import * as examples from "./openapi/posthog-examples";
import { posthogOf, posthogOff, whyOff } from "./posthog-off.server";
import { driftOnWire, flagTiesOnWire, metadataKeysOnWire } from "./posthog-wire";

const choice = { schema: answers.metadataChoice, example: { keys: ["region"] } };
const choiceText = (keys: readonly string[]) => JSON.stringify({ keys });

/** Why PostHog's groups cannot be compared with ours, or null. */
function whyNoComparison(services: Services): Problem | null {
  const off = whyOff(services);
  if (off) return off;
  const detail = whyNoGroups(posthogOf(services).settings);
  return detail === null ? null : { status: 409, code: "posthog_groups_unavailable", detail };
}

/** The PostHog and Flags pages' functions besides group sync. */
export async function posthogApi(app: FastifyInstance, { services }: { services: Services }) {
  const { db } = services;

  addRead(
    app,
    services,
    "GET /api/posthog/flags",
    {
      id: "listFlagTies",
      tag: "PostHog",
      summary: "Every feature that is tied to a flag, those with something to tidy up first",
      detail: "Also without PostHog: `trouble` says then what is not known.",
      act: "read",
      answers: { 200: { what: "All of them.", schema: answers.flagLinksSchema, example: examples.flagLinksExample } },
      problems: { 503: ["database_unavailable"] },
    },
    async () => ({ status: 200, body: flagTiesOnWire(await findStaleFlags(services)) }),
  );

  addRead(
    app,
    services,
    "GET /api/posthog/metadata",
    {
      id: "getMetadataChoice",
      tag: "PostHog",
      summary: "Which keys of tenants' metadata PostHog gets, as metadata_…",
      act: "read",
      headers: ["If-None-Match"],
      answers: { 200: { what: "The choice.", ...choice, headers: ["ETag"] }, 304: { what: "It is as the ETag says." } },
      problems: { 409: ["posthog_off"], 503: ["database_unavailable"] },
    },
    async () => {
      if (whyOff(services)) return posthogOff;
      const keys = await readMetadataChoice(db.readAside, db.tables);
      return { status: 200, body: { keys }, tag: etagOf(choiceText(keys)) };
    },
  );

  addWrite(
    app,
    services,
    "PUT /api/posthog/metadata",
    {
      id: "putMetadataChoice",
      tag: "PostHog",
      summary: "Choose which keys of tenants' metadata PostHog gets",
      detail: "The whole choice: what is no longer in it is set to null in PostHog.",
      act: "posthog.change",
      headers: ["If-Match", "Idempotency-Key"],
      body: metadataChoiceBody,
      bodyLimits: { maxBytes: 64 * 1024, maxValues: 100 },
      bodyExample: { keys: ["region"] },
      answers: { 200: { what: "The choice as it is now, sorted.", ...choice, headers: ["ETag", "Idempotency-Replayed"] } },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["posthog_off", "idempotency_key_in_use"],
        412: ["stale"],
        422: ["idempotency_key_reused"],
      },
    },
    ({ services, body, actor, conditions }) =>
      chooseMetadata(services, actor, body.keys, (before) =>
        conditionProblem("the choice of metadata", etagOf(choiceText(before)), conditions),
      ),
    (result) => (result.ok ? { status: 200, body: { keys: result.keys } } : refusalProblem(result)),
    { whyNot: async () => whyOff(services), tagOf: etagOf },
  );

  addRead(
    app,
    services,
    "GET /api/posthog/metadata/seen",
    {
      id: "listMetadataKeys",
      tag: "PostHog",
      summary: "Keys of metadata that there are to choose from",
      act: "read",
      answers: {
        200: {
          what: "Those that the newest tenants have, and those that are chosen.",
          schema: answers.metadataKeysSchema,
          example: examples.metadataKeysExample,
        },
      },
      problems: { 409: ["posthog_off"], 503: ["database_unavailable"] },
    },
    async () => (whyOff(services) ? posthogOff : { status: 200, body: metadataKeysOnWire(await metadataOptions(db)) }),
  );

  addRead(
    app,
    services,
    "GET /api/posthog/drift",
    {
      id: "getDrift",
      tag: "PostHog",
      summary: "Where PostHog's groups said something else than the tenants here, when they were compared last",
      act: "read",
      answers: { 200: { what: "The last comparison, or the one that is under way.", schema: answers.drift, example: examples.driftDone } },
      problems: { 409: ["posthog_off"], 503: ["database_unavailable"] },
    },
    async () => {
      if (whyOff(services)) return posthogOff;
      return { status: 200, body: driftOnWire(await driftStatus(posthogOf(services).settings, db)) };
    },
  );

  addWrite(
    app,
    services,
    "POST /api/posthog/drift",
    {
      id: "compare",
      tag: "PostHog",
      summary: "Compare PostHog's groups with the tenants here, in the background",
      detail:
        "Nothing is changed. It is a job: ask with GET how far it is and what it found first, and with GET /api/jobs/{id}/items for all of it.",
      act: "posthog.change",
      headers: ["Idempotency-Key"],
      answers: {
        202: { what: "It has begun.", schema: answers.drift, example: examples.driftBegun, headers: ["Idempotency-Replayed"] },
      },
      problems: {
        400: ["invalid_request"],
        409: ["posthog_off", "posthog_groups_unavailable", "comparison_running", "too_many_jobs", "idempotency_key_in_use"],
        422: ["idempotency_key_reused"],
      },
      problemExamples: {
        invalid_request: {
          detail: 'An Idempotency-Key has 1 to 255 visible ASCII characters, in "quotes" or bare.',
          field: "Idempotency-Key",
        },
      },
    },
    async ({ services, actor }) => {
      const started = await startDrift(services, actor);
      return started.ok ? { ...started, status: await driftStatus(posthogOf(services).settings, services.db) } : started;
    },
    (started) => (started.ok ? { status: 202, body: driftOnWire(started.status) } : refusalProblem(started)),
    { whyNot: async () => whyNoComparison(services), isSafeToRepeat: true },
  );
}
