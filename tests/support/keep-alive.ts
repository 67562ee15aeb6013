import http from "node:http";

type Asked = { method?: string; path: string; headers: Record<string, string>; body?: string };

/** Sends requests over keep-alive connections, a few at a time. Rejects if a connection breaks during a response. */
export function keepAlive(maxConnections: number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: maxConnections });
  return {
    ask(origin: string, { method = "GET", path, headers, body }: Asked): Promise<{ status: number; text: string }> {
      return new Promise((resolve, reject) => {
        const request = http.request(origin + path, { method, headers, agent }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk) => {
            text += chunk;
          });
          response.on("error", reject);
          response.on("end", () =>
            response.complete ? resolve({ status: response.statusCode ?? 0, text }) : reject(new Error("cut off")),
          );
        });
        request.on("error", reject);
        request.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}
