import { paths } from "~/paths";
import { DatabaseProblem } from "~db/database";
import { createApp } from "./app.server";
import { type Env, EnvProblem, readEnv } from "./env.server";
import { createOwnerFromEnv, openSetup } from "./first-owner.server";
import { createServices, stopServices } from "./start.server";
import { stopOnSignal } from "./stop.server";

const say = (text: string) => process.stdout.write(`${text}\n`);

function giveUp(sentence: string): never {
  process.stderr.write(`\n${sentence}\n`);
  process.exit(1);
}

/** As a person would type it on this machine. */
function originOf({ host, publicUrl }: Env, port: number): string {
  if (publicUrl !== null) return publicUrl;
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function whyNot(error: unknown, env: Env | undefined): string | null {
  if (error instanceof EnvProblem || error instanceof DatabaseProblem) return error.message;
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE")
    return `Port ${env?.port} is in use by another program. Stop that one, or choose another port: PORT=3001 npm start`;
  if (code === "EACCES") return `Port ${env?.port} needs more rights than this user has. Choose one above 1023: PORT=3000 npm start`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `HOST=${env?.host} is not an address of this machine. HOST=0.0.0.0 means all of them.`;
  return null;
}

let env: Env | undefined;
try {
  env = readEnv();
  const services = await createServices(env);
  try {
    await createOwnerFromEnv(services);
    const app = await createApp(services);
    await app.listen({ host: env.host, port: env.port });
    stopOnSignal(app, services);
    const address = app.server.address();
    const origin = originOf(env, typeof address === "object" && address !== null ? address.port : env.port);
    say(`Latchkey is ready on ${origin} (${Math.round(performance.now())} ms)`);
    const token = await openSetup(services);
    if (token) say(`\nThere is no owner yet. Open this link to become one; it works once:\n${origin}${paths.setup(token)}\n`);
  } catch (error) {
    await stopServices(services);
    throw error;
  }
} catch (error) {
  const sentence = whyNot(error, env);
  if (sentence === null) throw error;
  giveUp(sentence);
}
