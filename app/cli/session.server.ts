import { userInfo } from "node:os";
import type { Actor } from "~/core/model";
import { readEnv } from "~/server/env.server";
import { createLog } from "~/server/log.server";
import type { Services } from "~/server/services.server";
import { createServices, stopServices } from "~/server/start.server";
import { remark } from "./print.server";

/** `mayCreate`: true for the few commands that may create a missing database. */
export type Open = (options?: { mayCreate?: boolean }) => Promise<Services>;

/** Services for one command, built when it first asks and ended with it. */
export function createSession(): { open: Open; close: () => Promise<void> } {
  let opened: Promise<Services> | undefined;

  async function build(mayCreate: boolean): Promise<Services> {
    const env = readEnv();
    // What goes wrong is told as a sentence; LOG_LEVEL=debug shows what is behind it.
    const level = env.logLevel === "debug" || env.logLevel === "trace" ? env.logLevel : "silent";
    const onCreate = (where: string) => remark(`Created the database ${where}.`);
    // No command needs the PostHog client: recorded changes are sent by the server, and `check` reads stored flag values.
    return createServices({ ...env, posthog: null }, { log: createLog(level, process.stderr), database: { mayCreate, onCreate } });
  }

  return {
    open({ mayCreate = false } = {}) {
      opened ??= build(mayCreate);
      return opened;
    },
    async close() {
      const services = await opened?.catch(() => undefined);
      if (services) await stopServices(services);
    },
  };
}

/** Who did it, for the audit log: whoever is signed in to this machine. */
export function operator(): Actor {
  const name = osUser();
  return { kind: "cli", id: name, name: `cli (${name})` };
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`; // as in many containers: a number without a name
  }
}
