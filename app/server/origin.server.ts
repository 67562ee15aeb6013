import { paths } from "~/paths";
import type { Env } from "./env.server";

/** As a person would type it on this machine, unless PUBLIC_URL says how people reach it. */
export function originOf({ host, publicUrl }: Pick<Env, "host" | "publicUrl">, port: number): string {
  if (publicUrl !== null) return publicUrl;
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** A one-time link for a terminal. */
export const inviteLink = (env: Env, token: string) => originOf(env, env.port) + paths.invite(token);
