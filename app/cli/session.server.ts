import { userInfo } from "node:os";
import type { Actor } from "~/core/model";
import { readEnv } from "~/server/env.server";
import { createLog } from "~/server/logging/log.server";
import { createServices, stopServices } from "~/server/process/start.server";
import type { Services } from "~/server/services.server";
import { remark } from "./print.server";

/** `mayCreate`: true for the few commands that may create a missing database. */
export type Open = (options?: { mayCreate?: boolean }) => Promise<Services>;

/** Services of one command, created on first use and closed with it. */
export function createSession(): { open: Open; close: () => Promise<void> } {
  let opened: Promise<Services> | undefined;

  async function build(mayCreate: boolean): Promise<Services> {
    const env = readEnv();
    // Errors are shown as a sentence; LOG_LEVEL=debug shows the cause.
    const level = env.logLevel === "debug" || env.logLevel === "trace" ? env.logLevel : "silent";
    const onCreate = (where: string) => remark(`Created the database ${where}.`);
    // No command needs the PostHog client: the server sends recorded changes, and `check` reads stored flag values.
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

/** The actor in the audit log: the user signed in to this machine. */
export function operator(): Actor {
  const name = osUser();
  return { kind: "cli", id: name, name: `cli (${name})` };
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`; // As in many containers: a number without a name.
  }
}
