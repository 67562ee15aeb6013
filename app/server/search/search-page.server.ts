import type { SearchAnswer } from "~/core/search/results";
import type { SearchQuery } from "~/forms/search/search-query";
import type { Services } from "~/server/services.server";
import { answerCommand, type Reader } from "./command.server";
import { isNothing, searchAll, searchNear } from "./search.server";

/** Results per group on the page and in the palette. */
const maxResults = 10;

/** What a query finds, and what it would do if it is a command. `near` is set only if nothing was found. */
export async function readSearch(services: Services, { q, words, problem }: SearchQuery, reader: Reader): Promise<SearchAnswer> {
  const results = await searchAll(services, words, maxResults);
  const command = problem === null ? await answerCommand(services, q, reader) : null;
  const near = words.length > 0 && command === null && isNothing(results) ? await searchNear(services, words) : null;
  return { q, words, problem, results, near, command, now: services.now() };
}
