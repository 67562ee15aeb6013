import http from "node:http";
import { text } from "node:stream/consumers";

/** A server's response without the headers node:http adds. */
export type Answer = { status: number; headers: http.IncomingHttpHeaders; body: string };

export const oneFeature = (tenant: string, feature = "epics") => `/api/entitlements?tenant=${tenant}&feature=${feature}`;
export const everyFeature = (tenant: string) => `/api/entitlements?tenant=${tenant}`;

/** As HTTP clients write it. */
export const requestOf = (question: string, key: string) =>
  `GET ${question} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n\r\n`;

export async function ask(port: number, path: string, key: string): Promise<Answer> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ port, host: "127.0.0.1", path, headers: { authorization: `Bearer ${key}` } }, resolve).on("error", reject);
  });
  const body = await text(response);
  const { date: _, connection: __, "keep-alive": ___, ...headers } = response.headers;
  if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}: ${body}`);
  return { status: response.statusCode, headers, body };
}
