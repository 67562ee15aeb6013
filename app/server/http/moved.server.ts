import { type LoaderFunctionArgs, redirect } from "@remix-run/node";

/** A loader for pages that have another address now. What follows the path stays, and so does the query. */
export const moved =
  (from: string, to: string) =>
  ({ request }: LoaderFunctionArgs) => {
    const { pathname, search } = new URL(request.url);
    return redirect(to + pathname.slice(from.length) + search, 301);
  };
