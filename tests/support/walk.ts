import { expect } from "vitest";
import type { Api } from "./api";
import { type Answer, describedApi, type Route } from "./described-api";

/** `text` is sent instead of `body`. */
export type Sent = {
  params?: { [name: string]: string };
  query?: { [name: string]: string };
  /** Repeated parameters, besides `query`. */
  search?: [string, string][];
  body?: unknown;
  text?: string;
  type?: string;
  headers?: { [name: string]: string };
};

/** "operation status code" → the responses. */
export type Refusals = Map<string, { [field: string]: unknown }[]>;

export type Walk = Awaited<ReturnType<typeof createWalk>>;

/** Sends requests by operation, validates every response against the description, and records "operation status code". */
export async function createWalk(api: Api, seen: Set<string>, refusals: Refusals = new Map()) {
  const described = await describedApi(api.routes);
  const byId = new Map(described.routes.map((r) => [r.operation.operationId, r]));
  const routeOf = (id: string): Route => {
    const route = byId.get(id);
    if (!route) throw new Error(`There is no operation ${id}.`);
    return route;
  };

  async function ask(
    id: string,
    key: string | null,
    { params = {}, query = {}, search: repeated = [], body, text, type, headers = {} }: Sent = {},
  ) {
    const route = routeOf(id);
    const path = route.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? "missing"));
    const search = new URLSearchParams([...repeated, ...Object.entries(query)]).toString();
    const [usual] = Object.keys(route.operation.requestBody?.content ?? {});
    const sent = text ?? (body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    const response = await fetch(`${api.origin}${path}${search && `?${search}`}`, {
      method: route.method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(sent === undefined ? {} : { "content-type": type ?? (usual as string) }),
        ...headers,
      },
      body: sent,
    });
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (isStream) await response.body?.cancel();
    return note(id, { status: response.status, headers: response.headers, text: isStream ? "" : await response.text() });
  }

  function note(id: string, answer: Answer) {
    const route = routeOf(id);
    expect(described.undescribed(route, answer), `${id} → ${answer.status} ${answer.text.slice(0, 300)}`).toBeNull();
    const isProblem = answer.headers.get("content-type")?.startsWith("application/problem+json");
    const said = answer.text !== "" && answer.headers.get("content-type")?.includes("json") ? JSON.parse(answer.text) : null;
    const code: string = isProblem ? said.code : "";
    seen.add(`${id} ${answer.status} ${code}`.trim());
    const name = code || said?.code || said?.errorCode;
    if (answer.status >= 400 && name) {
      const place = `${id} ${answer.status} ${name}`;
      refusals.set(place, [...(refusals.get(place) ?? []), said]);
    }
    return { status: answer.status, code, said, etag: answer.headers.get("etag"), headers: answer.headers };
  }

  /** All responses in the description. */
  const promised = () =>
    described.routes.flatMap(({ operation: { operationId: id, responses } }) =>
      Object.entries(responses).flatMap(([status, { content }]) => {
        const problem = content?.["application/problem+json"]?.schema as
          | { allOf?: { properties?: { code?: { enum: string[] } } }[] }
          | undefined;
        const codes = problem?.allOf?.[1]?.properties?.code?.enum;
        return codes ? codes.map((code) => `${id} ${status} ${code}`) : [`${id} ${status}`];
      }),
    );

  /** Examples of refusals: "operation status code" → its text. */
  const shown = () =>
    described.routes.flatMap(({ operation: { operationId: id, responses } }) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Number(status) < 400
          ? []
          : Object.entries(Object.values(content)[0]?.examples ?? {}).map(([code, { $ref, value }]) => ({
              place: `${id} ${status} ${code}`,
              example: ($ref ? described.resolve($ref).value : value) as { [field: string]: unknown },
            })),
      ),
    );

  return { ask, note, routes: described.routes, routeOf, promised, shown };
}
