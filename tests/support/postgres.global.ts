import { once } from "node:events";
import { rmSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { openDatabase } from "~db/open.server";
import { startPostgres } from "./postgres-server";
import { temporaryFolder } from "./temporary-folder";

declare module "vitest" {
  interface ProvidedContext {
    /**
     * URL of the databases of this run: `/postgres` is the PostgreSQL server's URL, `/postgres-template` the name of a migrated
     * database in it, `/sqlite-template` a migrated file.
     */
    databases: string;
  }
}

const templateName = "migrated_template";

/** The template database is copied for each test, which takes a fraction of the time of its migrations. */
async function makePostgresTemplate(serverUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${templateName}`).finally(() => client.end());
  const url = new URL(serverUrl);
  url.pathname = `/${templateName}`;
  await (await openDatabase(url.href)).close();
  return templateName;
}

async function makeSqliteTemplate(folder: string): Promise<string> {
  const file = path.join(folder, "latchkey.db");
  await (await openDatabase(`file:${file}`)).close();
  return file;
}

/** Starts the databases of a vitest run on first use, so that runs without database tests do not pay for them. */
export default async function setup(project: TestProject) {
  const folder = temporaryFolder("template");
  let postgres: ReturnType<typeof startPostgres> | undefined;
  const made = new Map<string, Promise<string>>();
  const make: { [path: string]: () => Promise<string> } = {
    "/postgres": async () => {
      postgres = startPostgres();
      return (await postgres).url;
    },
    "/postgres-template": async () => makePostgresTemplate(await resource("/postgres")),
    "/sqlite-template": () => makeSqliteTemplate(folder),
  };
  function resource(name: string): Promise<string> {
    const existing = made.get(name) ?? (make[name] as () => Promise<string>)();
    made.set(name, existing);
    return existing;
  }
  const server = http.createServer((request, response) => {
    resource(request.url ?? "").then(
      (text) => response.end(text),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  project.provide("databases", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
    const started = await postgres?.catch(() => undefined);
    await started?.stop();
  };
}
