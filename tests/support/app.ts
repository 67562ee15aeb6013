import { rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Writable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { Instant } from "~/core/model";
import type { ApiScope, Role } from "~/core/permissions";
import { beginSession } from "~/server/admins/sessions.server";
import { createApp } from "~/server/app.server";
import { readEnv } from "~/server/env.server";
import { createKey } from "~/server/keys/api-keys.server";
import { createLog } from "~/server/logging/log.server";
import type { PosthogHooks } from "~/server/posthog/events/hooks.server";
import { type LoadOptions, unlimitedLoad } from "~/server/process/load.server";
import { createServices, stopServices } from "~/server/process/start.server";
import type { Services } from "~/server/services.server";
import { insertAdmin } from "~db/store/admins.server";
import { now as theDay } from "./facts";
import { remixBuild, type TestPages } from "./remix-build";
import { temporaryFolder } from "./temporary-folder";

/** A browser without JavaScript: keeps cookies, sends the origin of forms and follows no redirects. */
export type Browser = {
  cookies: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Pairs, for repeated fields. */
  post(path: string, form?: Record<string, string> | [string, string][], headers?: Record<string, string>): Promise<Response>;
};

export type TestApp = Awaited<ReturnType<typeof startTestApp>>;

export type TestAppOptions = {
  now?: Instant;
  env?: Record<string, string>;
  posthogHooks?: PosthogHooks;
  load?: LoadOptions;
  /** Pages of this test, by path. */
  pages?: TestPages;
};

/** The whole program on an empty SQLite file and a free port, with a clock the test controls. */
export async function startTestApp({ now = theDay, env: more = {}, posthogHooks = {}, load = unlimitedLoad, pages }: TestAppOptions = {}) {
  const folder = temporaryFolder("app");
  const file = path.join(folder, "latchkey.db");
  const clock = { now };
  const logged: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      logged.push(String(chunk));
      done();
    },
  });
  const env = readEnv({ NODE_ENV: "production", DATABASE_URL: `file:${file}`, LOG_LEVEL: "debug", ...more });
  const services = await createServices(env, { now: () => clock.now, log: createLog("debug", sink), posthogHooks, load });
  const app: FastifyInstance = await createApp(services, { build: await remixBuild(pages) });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  function browser(): Browser {
    const cookies = new Map<string, string>();
    const send = async (target: string, init: RequestInit & { headers: Record<string, string> }) => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = { ...(cookie && { cookie }), ...init.headers };
      const response = await fetch(new URL(target, url), { ...init, headers, redirect: "manual" });
      for (const line of response.headers.getSetCookie()) keep(line);
      return response;
    };
    const keep = (line: string) => {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0\b/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    };
    return {
      cookies,
      get: (target, headers = {}) => send(target, { headers: { accept: "text/html", ...headers } }),
      post: (target, form = {}, headers = {}) =>
        send(target, {
          method: "POST",
          body: new URLSearchParams(form).toString(),
          headers: { "content-type": "application/x-www-form-urlencoded", origin: url, ...headers },
        }),
    };
  }

  /** An admin with this role, signed in without a password. */
  async function signIn(role: Role = "owner", id = `adm_${role}`): Promise<Browser> {
    const known = { id, email: `${id}@example.com`, name: `The ${role}`, role, createdBy: "test", createdAt: new Date(clock.now) };
    const { db } = services;
    const asked = new Request(url);
    const cookie = await db.transaction([], async (tx) => {
      // Not a valid hash: nobody can sign in with it.
      await insertAdmin(tx, db.tables, { ...known, passwordHash: "none" });
      return beginSession(tx, services, id, asked);
    });
    const signedIn = browser();
    const [, name = "", token = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    signedIn.cookies.set(name, token);
    return signedIn;
  }

  return {
    url,
    app,
    services: services as Services,
    clock,
    databaseFile: file,
    /** All log lines so far. */
    log: () => logged.join(""),
    browser,
    signIn,
    /** A key for `Authorization: Bearer`. */
    apiKey: async (...scopes: ApiScope[]) => {
      const actor = { kind: "cli", id: "test", name: "Test" } as const;
      return (await createKey(services, actor, { name: "Test", scopes, expiresAt: null })).key;
    },
    close: async () => {
      await app.close();
      await stopServices(services);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
