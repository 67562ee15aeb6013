import type { Logger } from "pino";

/** Logger of background work. Errors go to the log and to `capture`, whatever the log level. */
export function jobLog(log: Logger, capture: (error: Error, sentence: string) => void): Logger {
  const telling =
    (level: "warn" | "error") =>
    (...said: unknown[]): void => {
      const [first, sentence] = said;
      const { err } = (typeof first === "object" && first !== null ? first : {}) as { err?: unknown };
      if (err instanceof Error) capture(err, String(sentence ?? ""));
      (log[level] as (...said: unknown[]) => void)(...said);
    };
  return Object.create(log, { warn: { value: telling("warn") }, error: { value: telling("error") } });
}
