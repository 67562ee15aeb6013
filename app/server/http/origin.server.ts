import { paths } from "~/paths";
import type { Env } from "~/server/env.server";

/** The URL to open on this machine, unless PUBLIC_URL is set. */
export function originOf({ host, publicUrl }: Pick<Env, "host" | "publicUrl">, port: number): string {
  if (publicUrl !== null) return publicUrl;
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** A one-time link to print in a terminal. */
export const inviteLink = (env: Env, token: string) => originOf(env, env.port) + paths.invite(token);
