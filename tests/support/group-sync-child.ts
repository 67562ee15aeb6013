import { readEnv } from "~/server/env.server";
import { createGroupSync } from "~/server/posthog/groups/group-sync.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import { createServices } from "~/server/process/start.server";

// A process that only syncs groups, to be killed. Its request timeout may be shorter, so that the next process takes
// over sooner.
const services = await createServices({ ...readEnv(), posthog: null });
const settings = readEnv().posthog as PosthogSettings;
const { db, now, newId, log } = services;
const sync = createGroupSync({ db, settings, holder: newId("proc"), now, elapsed: now, newId, log, requestTimeout: 500 });
await sync.start();
process.stdout.write("ready\n");
setInterval(() => {}, 60_000);
