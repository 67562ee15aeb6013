import pino, { type Logger } from "pino";

/** A failed query's message carries its parameters, which are people's data; SQL without them says as much. */
const withoutParameters = (text: string | undefined) => text?.replace(/\nparams: [\s\S]*?(?=\n\s+at |$)/g, "");

type Loggable = { type: string; code?: unknown; message?: string; stack?: string; cause?: Loggable };

function errorForLog(error: unknown): Loggable {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, code, message, stack, cause } = error as Error & { code?: unknown };
  return {
    type: name,
    code,
    message: withoutParameters(message),
    stack: withoutParameters(stack),
    ...(cause === undefined ? {} : { cause: errorForLog(cause) }),
  };
}

/** JSON lines on stdout, without anybody's data: addresses of pages as patterns, no bodies, no cookies, no keys. */
export function createLog(level: string, destination?: pino.DestinationStream): Logger {
  return pino(
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
    destination ?? pino.destination(1),
  );
}
