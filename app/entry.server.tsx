import { type AppLoadContext, createReadableStreamFromReadable, type EntryContext, type HandleErrorFunction } from "@remix-run/node";
import { isRouteErrorResponse, RemixServer } from "@remix-run/react";
import { isbot } from "isbot";
import { renderToPipeableStream } from "react-dom/server";
import { withoutZeros } from "~/server/http/without-zeros.server";
import { NonceContext } from "~/ui/kit/nonce";

export const streamTimeout = 5_000;

export default async function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remix: EntryContext,
  context: AppLoadContext,
) {
  // Rendering is the largest piece of work there is, so it waits until nothing more important does.
  await context.queue.renderTurn();
  const nonce = context.cspNonce;
  const page = (
    <NonceContext.Provider value={nonce}>
      <RemixServer context={remix} url={request.url} nonce={nonce} />
    </NonceContext.Provider>
  );
  return new Promise<Response>((resolve, reject) => {
    let sent = false;
    const { pipe, abort } = renderToPipeableStream(page, {
      nonce,
      [isbot(request.headers.get("user-agent") ?? "") ? "onAllReady" : "onShellReady"]() {
        sent = true;
        const body = withoutZeros();
        headers.set("Content-Type", "text/html; charset=utf-8");
        resolve(new Response(createReadableStreamFromReadable(body), { headers, status }));
        pipe(body);
      },
      onShellError: reject,
      // Before the shell is sent the same error reaches handleError.
      onError(error) {
        if (sent) report(error, request, context);
      },
    });
    setTimeout(abort, streamTimeout + 1_000).unref();
  });
}

export const handleError: HandleErrorFunction = (error, { request, context }) => {
  if (request.signal.aborted || (isRouteErrorResponse(error) && error.status < 500)) return;
  report(error, request, context as AppLoadContext);
};

/** Only the first path segment: setup and invitation links carry a token in the second. */
function report(error: unknown, request: Request, context: AppLoadContext) {
  const page = new URL(request.url).pathname.split("/", 2).join("/");
  context.log.error({ err: error, method: request.method, page }, "A page failed");
  context.posthog?.exceptions.ofRequest(error);
}
