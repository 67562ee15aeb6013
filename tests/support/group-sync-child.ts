import { readEnv } from "~/server/env.server";
import { createGroupSync } from "~/server/posthog/group-sync.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import { createServices } from "~/server/start.server";

// A process that does nothing but group sync, to be killed. Its requests may take less long than the real one's, so that
// the next process need not wait for long until it may take over.
const services = await createServices({ ...readEnv(), posthog: null });
const settings = readEnv().posthog as PosthogSettings;
const { db, now, newId, log } = services;
const sync = createGroupSync({ db, settings, holder: newId("proc"), now, elapsed: now, newId, log, requestTimeout: 500 });
await sync.start();
process.stdout.write("ready\n");
setInterval(() => {}, 60_000);
