import pino, { type Logger } from "pino";
import type { LogOutput } from "./log-output.server";

type Loggable = { type: string; code?: unknown; message?: string; stack?: string; cause?: Loggable };

/** The message of a failed query contains its parameters, which are personal data. The SQL alone is enough. */
export function messageForLog(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { query } = error as Error & { query?: unknown };
  return typeof query === "string" ? `Failed query: ${query}` : error.message;
}

function errorForLog(error: unknown): Loggable {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, code, message, stack, cause } = error as Error & { code?: unknown };
  const told = messageForLog(error);
  const behind = cause === undefined ? {} : { cause: errorForLog(cause) };
  return { type: name, code, message: told, stack: stack?.replace(message, () => told), ...behind };
}

/** JSON lines, without anybody's data: addresses of pages as patterns, no bodies, no cookies, no keys. */
export function createLog(level: string, destination: pino.DestinationStream | LogOutput): Logger {
  const log = pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ["*.authorization", "*.cookie", "*.password", "*.token", "req.headers"],
      serializers: {
        err: errorForLog,
        req: (request: { method?: string; routeOptions?: { url?: string } }) => ({
          method: request.method,
          route: request.routeOptions?.url,
        }),
        res: (reply: { statusCode?: number }) => ({ status: reply.statusCode }),
      },
    },
    destination,
  );
  if ("onRecovered" in destination) {
    destination.onRecovered = (lines) => log.warn({ lines }, "lines of this log were dropped, because it could not be written for a while");
  }
  return log;
}
