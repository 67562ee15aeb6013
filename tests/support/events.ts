import { once } from "node:events";
import http from "node:http";
import { until } from "./poll";

export type StreamEvent = { id?: string; event?: string; data?: string };

/** Reads an event stream. */
export async function listen(url: string, headers: Record<string, string> = {}) {
  const request = http.get(url, { headers, agent: false });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const events: StreamEvent[] = [];
  let text = "";
  let comments = 0;
  let isOver = false;
  response.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      if (block.startsWith(":")) comments += 1;
      const fields = block.split("\n").map((line) => line.split(/: ?(.*)/s) as [string, string]);
      const event = Object.fromEntries(fields.filter(([name]) => name !== ""));
      if (event.data !== undefined) events.push(event);
    }
  });
  response.on("close", () => {
    isOver = true;
  });
  response.on("error", () => {});
  return {
    status: response.statusCode,
    headers: response.headers,
    events,
    body: () => text,
    /** Comment lines, which keep the connection alive. */
    comments: () => comments,
    isOver: () => isOver,
    /** True if the response was complete. */
    endedInOrder: () => response.complete,
    /** Waits for the event with this number, from 1. */
    nth: (n: number) =>
      until(
        async () => events[n - 1],
        5_000,
        () => `There is no event ${n}: ${JSON.stringify(events)}`,
      ),
    over: () =>
      until(
        async () => isOver || undefined,
        5_000,
        () => "The stream did not end.",
      ),
    close: () => request.destroy(),
  };
}
