import http from "node:http";
import https from "node:https";

const doors = {
  http: { client: http, agent: new http.Agent({ keepAlive: true }) },
  https: { client: https, agent: new https.Agent({ keepAlive: true }) },
};

export class AnswerTooLarge extends Error {}
export class AnswerTooLate extends Error {}

/** `timeout`: for the whole exchange, in milliseconds. `largest`: of an answer, in bytes. */
type Bounds = { timeout: number; largest: number };

/**
 * POST over connections that stay open, by Node's plain client: `fetch` takes about three times as much of the processor, and
 * flags of each tenant are asked about again and again beside checks. Redirects are not followed. Rejects with AnswerTooLate,
 * AnswerTooLarge, or why there is no whole answer.
 */
export function postJson(url: string, body: string, { timeout, largest }: Bounds): Promise<{ status: number; text: string }> {
  const { client, agent } = url.startsWith("https:") ? doors.https : doors.http;
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), accept: "application/json" };
  return new Promise((resolve, reject) => {
    let request: http.ClientRequest;
    const timer = setTimeout(() => give(new AnswerTooLate()), timeout);

    function give(error: Error): void {
      clearTimeout(timer);
      request.destroy();
      reject(error);
    }

    function hear(response: http.IncomingMessage): void {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > largest) give(new AnswerTooLarge());
        else chunks.push(chunk);
      });
      response.on("error", give);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
      });
    }

    function send(isRetry: boolean): void {
      request = client.request(url, { method: "POST", agent, headers }, hear);
      request.on("error", (error: NodeJS.ErrnoException) => {
        // The other side closed the connection just when it was used again.
        if (request.reusedSocket && error.code === "ECONNRESET" && !isRetry) send(true);
        else give(error);
      });
      request.end(body);
    }
    send(false);
  });
}
