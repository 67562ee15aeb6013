import { jobItemState, jobsQuery } from "./job-queries";

/** Invalid values are ignored. `after`: the number of the last result of the page before. */
export function readJobPageQuery(params: URLSearchParams) {
  const after = Number(params.get("after") ?? 0);
  return {
    state: jobItemState.safeParse(params.get("state")).data,
    after: Number.isSafeInteger(after) && after > 0 ? after : undefined,
  };
}

/** Where a page of jobs begins. */
export function readJobsCursor(params: URLSearchParams) {
  const cursor = jobsQuery.shape.cursor.safeParse(params.get("cursor") ?? undefined).data;
  return cursor && { createdAt: cursor[0], id: cursor[1] };
}
