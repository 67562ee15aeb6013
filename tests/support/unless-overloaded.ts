import { setTimeout } from "node:timers/promises";

/** Sends a request again while the server is overloaded, as its answer asks: a busy test machine overloads it easily. */
export async function unlessOverloaded<R extends { status: number }>(
  send: () => Promise<R>,
  codeOf: (answer: R) => Promise<string>,
): Promise<R> {
  for (;;) {
    const answer = await send();
    if (answer.status !== 503 || !(await codeOf(answer)).includes('"code":"overloaded"')) return answer;
    await setTimeout(100);
  }
}
