import http from "node:http";
import https from "node:https";

const agents = {
  http: { client: http, agent: new http.Agent({ keepAlive: true }) },
  https: { client: https, agent: new https.Agent({ keepAlive: true }) },
};

export class AnswerTooLarge extends Error {}
export class AnswerTooLate extends Error {}

/** `timeout` covers the whole exchange, in ms. `largest` bounds the response, in bytes. */
type Bounds = { timeout: number; largest: number };

/**
 * POSTs over keep-alive connections with node:http: `fetch` uses about three times the CPU, and flags are requested
 * continuously beside checks. Does not follow redirects. Rejects with AnswerTooLate, AnswerTooLarge or the network
 * error.
 */
export function postJson(url: string, body: string, { timeout, largest }: Bounds): Promise<{ status: number; text: string }> {
  const { client, agent } = url.startsWith("https:") ? agents.https : agents.http;
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
        // The server closed the kept-alive connection as it was reused.
        if (request.reusedSocket && error.code === "ECONNRESET" && !isRetry) send(true);
        else give(error);
      });
      request.end(body);
    }
    send(false);
  });
}
