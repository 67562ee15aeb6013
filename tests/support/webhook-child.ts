import { readEnv } from "~/server/env.server";
import { createServices } from "~/server/process/start.server";

// A process that only makes and sends webhooks, to be killed.
const services = await createServices({ ...readEnv(), posthog: null });
services.webhooks.start();
process.stdout.write("ready\n");
setInterval(() => {}, 60_000);
