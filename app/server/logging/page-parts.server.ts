import type { Logger } from "pino";

/** A part of a page, or null if it could not be read. */
type PagePart<Value> = Value | null;

/** Reads the parts of a page separately, so that one failure does not affect the others. `page` names it in the log. */
export function pageParts(log: Logger, page: string) {
  return async <Value>(part: string, read: () => Promise<Value>): Promise<PagePart<Value>> => {
    try {
      return await read();
    } catch (error) {
      log.error({ err: error, part }, `a part of the ${page} page could not be read`);
      return null;
    }
  };
}
