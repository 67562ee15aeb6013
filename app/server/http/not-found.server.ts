import type { NotFoundData } from "~/core/not-found";

/** For loaders to throw. The error page shows the sentence and links to near matches. */
export const notFound = (sentence: string, near: NotFoundData["near"] = []): Response =>
  Response.json({ sentence, near } satisfies NotFoundData, { status: 404, statusText: "Not Found" });
