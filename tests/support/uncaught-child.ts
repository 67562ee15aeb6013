import { readEnv } from "~/server/env.server";
import { createServices } from "~/server/start.server";

// A process in which nobody catches an exception. `capture` as its argument: it was captured before, as a job's.
const { posthog } = await createServices(readEnv());
const error = new Error("nobody catches this, with lk_live_Ab12Cd34Ef56");
if (process.argv[2] === "capture") posthog?.exceptions.ofJob(error, "a job");
setTimeout(() => {
  throw error;
}, 20);
