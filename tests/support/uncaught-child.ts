import { readEnv } from "~/server/env.server";
import { createServices } from "~/server/process/start.server";

// A process with an uncaught exception. With the argument `capture` it was captured before, by a job.
const { posthog } = await createServices(readEnv());
const error = new Error("nobody catches this, with lk_live_Ab12Cd34Ef56");
if (process.argv[2] === "capture") posthog?.exceptions.ofJob(error, "a job");
setTimeout(() => {
  throw error;
}, 20);
