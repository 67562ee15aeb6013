import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { startPostgres } from "./postgres-server";

declare module "vitest" {
  interface ProvidedContext {
    /** Ask this address for the URL of the PostgreSQL of this run of vitest. */
    postgresDoor: string;
  }
}

/** One PostgreSQL per run of vitest, started by the first who asks, so that runs which need none do not pay for it. */
export default async function setup(project: TestProject) {
  let started: ReturnType<typeof startPostgres> | undefined;
  const door = http.createServer((_request, response) => {
    started ??= startPostgres();
    started.then(
      ({ url }) => response.end(url),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  await once(door.listen(0, "127.0.0.1"), "listening");
  project.provide("postgresDoor", `http://127.0.0.1:${(door.address() as AddressInfo).port}`);
  return async () => {
    door.close();
    const postgres = await started?.catch(() => undefined);
    await postgres?.stop();
  };
}
