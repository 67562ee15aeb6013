import { randomUUID } from "node:crypto";
import { paths } from "~/paths";
import { createOwnerFromEnv, openSetup } from "./admins/first-owner.server";
import { createApp } from "./app.server";
import { type Env, readEnv } from "./env.server";
import { originOf } from "./http/origin.server";
import { isBuilt } from "./is-built";
import { createLog, messageForLog } from "./logging/log.server";
import { createLogOutput } from "./logging/log-output.server";
import { operatorSentence } from "./operator-message.server";
import { isOutOfConnections, isUnavailable } from "./process/database-unavailable";
import { warnOfWideFiles } from "./process/file-permissions.server";
import { answersForPages } from "./process/page-answers.server";
import { createPageSupervisor, type PageSupervisor } from "./process/page-supervisor.server";
import { createPrivateFolder, removePrivateFolder, socketIn } from "./process/private-folder.server";
import { outliveStandardStreams, sendConsoleToStderr } from "./process/standard-streams.server";
import { createServices, startJobs, stopServices } from "./process/start.server";
import { type Shutdown, stopOnSignal } from "./process/stop.server";
import { validateOnStartup } from "./process/validate-posthog.server";
import type { Services } from "./services.server";

const logOutput = createLogOutput();
const say = (text: string) => process.stdout.write(`${text}\n`);

async function serve(env: Env): Promise<void> {
  if (env.posthog?.debug) sendConsoleToStderr();
  const onCreate = (where: string) => void process.stderr.write(`Created the database ${where}.\n`);
  const folder = isBuilt ? createPrivateFolder() : null;
  if (folder !== null) process.on("exit", () => removePrivateFolder(folder));
  // Loads while the database is opened.
  const pages = folder === null ? null : createPageSupervisor(folder);
  const services = await createServices(env, { logOutput, database: { onCreate }, arePagesElsewhere: pages !== null });
  warnOfWideFiles(services);
  for (const warning of env.warnings) services.log.warn(warning);
  const shutdown: Shutdown = { phase: "running" };
  const stopAll = async () => {
    await pages?.stop();
    await stopServices(services);
  };
  try {
    await createOwnerFromEnv(services);
    await validateOnStartup(env.posthog, { now: services.now, uuid: randomUUID, log: services.log });
    await services.throttle.load();
    const app = await createApp(services, { shutdown, ...(pages ? { pages } : {}) });
    if (pages) await connectPages(services, pages);
    await app.listen({ host: env.host, port: env.port });
    // From here on requests are answered, and their counts must not be lost. Jobs may take seconds to start.
    stopOnSignal(app, services, shutdown, stopAll);
    await startJobs(services);
    if (shutdown.phase !== "running") return;
    const { background, figures, jobs, posthog, schedules, trials, webhooks } = services;
    const isBeside = background.start(folder === null ? undefined : socketIn(folder, "worker"));
    if (!isBeside) {
      trials.start();
      schedules.start();
      figures.start();
      jobs.start();
      webhooks.start();
    }
    await posthog?.start(isBeside ? background.wake : undefined);
    const address = app.server.address();
    const origin = originOf(env, typeof address === "object" && address !== null ? address.port : env.port);
    say(`Latchkey is ready on ${origin} (${Math.round(performance.now())} ms)`);
    const token = await openSetup(services);
    if (token) say(`\nThere is no owner yet. Open this link to become one; it works once:\n${origin}${paths.setup(token)}\n`);
  } catch (error) {
    if (shutdown.phase !== "running") return;
    await stopAll();
    throw error;
  }
}

/** The page process and the server tell each other what both have to know. */
async function connectPages(services: Services, pages: PageSupervisor): Promise<void> {
  const { log, logOutput, posthog, background, db } = services;
  background.onImport((over) => {
    void db.holdWrites(() => over);
    pages.holdWrites(over);
  });
  posthog?.onDefinitions(pages.noteDefinitions);
  await pages.start({ log, writeLog: logOutput.write, wake: () => posthog?.wake(), answer: answersForPages(services) });
}

function whyNot(error: unknown, env: Env | undefined): string | null {
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE")
    return `Port ${env?.port} is in use by another program. Stop that one, or choose another port: PORT=3001 npm start`;
  if (code === "EACCES" && env) return `Port ${env.port} needs more rights than this user has. Choose one above 1023: PORT=3000 npm start`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `HOST=${env?.host} is not an address of this machine. HOST=0.0.0.0 means all of them.`;
  if (isUnavailable(error) && !isOutOfConnections(error))
    return "The database cannot be written at the moment. Wait until it can, then start Latchkey again.";
  return operatorSentence(error);
}

outliveStandardStreams();
let env: Env | undefined;
try {
  env = readEnv();
  await serve(env);
} catch (error) {
  const sentence = whyNot(error, env);
  const log = createLog(env?.logLevel ?? "info", logOutput);
  const { cause } = error as { cause?: unknown };
  if (sentence === null) log.fatal({ err: error }, "could not start");
  else if (cause instanceof Error) log.error({ reason: cause.message }, "could not start");
  await logOutput.flush();
  process.stderr.write(`\n${sentence ?? `Latchkey could not start: ${messageForLog(error)}`}\n`);
  process.exit(1);
}
