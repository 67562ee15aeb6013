import { describe, expect, test, vi } from "vitest";
import { createRequestQueue, maxWaitingFiles, queueLimits } from "./request-queue.server";

/** Turns of the event loop: enough for whatever was put in. */
const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

/** A queue whose jobs take the time that they say, and note what became of them. */
function start({ arePagesElsewhere = false } = {}) {
  const clock = { now: 1_000 };
  const pages = { atWork: 0, asked: 0 };
  const pagesAtWork = () => {
    pages.asked += 1;
    return pages.atWork;
  };
  const queue = createRequestQueue({ clock: () => clock.now, pagesAtWork, arePagesElsewhere });
  const done: string[] = [];
  const add = (kind: Parameters<typeof queue.add>[0], name: string, ms = 0) =>
    queue.add(
      kind,
      () => {
        clock.now += ms;
        done.push(name);
      },
      () => done.push(`${name} refused`),
    );
  return { clock, pages, queue, done, add };
}

describe("requests that wait", () => {
  test("are answered the most important first, and in their order", async () => {
    const { done, add } = start();
    add("page", "page");
    add("file", "file");
    add("request", "request");
    add("check", "check 1");
    add("check", "check 2");
    expect(done).toEqual([]);
    await turns();
    expect(done).toEqual(["check 1", "check 2", "request", "file", "page"]);
  });

  test("are worked on for about a millisecond in a turn, so that the loop reads what comes meanwhile", async () => {
    const { done, add } = start();
    for (let i = 0; i < 4; i++) add("request", `request ${i}`, 1.5);
    await turns(1);
    expect(done).toEqual(["request 0"]);
    add("check", "check");
    await turns();
    expect(done).toEqual(["request 0", "check", "request 1", "request 2", "request 3"]);
  });

  test("are all answered in a burst, however late", async () => {
    const { done, add } = start();
    const { burstMs } = queueLimits.check;
    for (let i = 0; i < 10; i++) add("check", "answered", burstMs / 10);
    await turns();
    expect(done).toEqual(Array.from({ length: 10 }, () => "answered"));
  });

  test("are refused when they come too late and the queue does not end, and no others", async () => {
    const { clock, done, add } = start();
    const { burstMs, maxWaitMs } = queueLimits.check;
    add("check", "first", burstMs - 10);
    add("check", "late", 0);
    await turns(1);
    add("check", "waits", 0);
    clock.now += maxWaitMs;
    await turns();
    expect(done).toEqual(["first", "late refused", "waits"]);
    // The queue was empty, and starts again.
    add("check", "next", burstMs);
    add("check", "after it", 0);
    await turns();
    expect(done.slice(3)).toEqual(["next", "after it"]);
  });

  test("wait longer if they are files, of which only so many may wait", async () => {
    const { clock, done, add } = start();
    add("check", "check", queueLimits.page.burstMs + 1);
    add("page", "page");
    for (let i = 0; i <= maxWaitingFiles; i++) add("file", "file");
    expect(done).toEqual(["file refused"]);
    await turns(1);
    clock.now += queueLimits.page.maxWaitMs + 1;
    await turns();
    expect(done.slice(1, 3)).toEqual(["check", "page refused"]);
    expect(done.filter((name) => name === "file")).toHaveLength(maxWaitingFiles);
  });

  test("are refused behind more important ones that never end", async () => {
    const { done, add } = start();
    add("page", "page");
    const again = () => add("check", "check", 5);
    for (let i = 0; i < 250; i++) {
      again();
      await turns(1);
    }
    expect(done.filter((name) => name !== "check")).toEqual(["page refused"]);
  });
});

describe("pages", () => {
  test("are rendered one in a turn, and a page that was begun before another one begins", async () => {
    const { queue, done, add } = start();
    void queue.renderTurn().then(() => done.push("render 1"));
    void queue.renderTurn().then(() => done.push("render 2"));
    add("page", "page");
    add("check", "check");
    await turns(1);
    expect(done).toEqual(["check", "render 1"]);
    await turns();
    expect(done).toEqual(["check", "render 1", "render 2", "page"]);
  });

  test("give way after a page, while others come, for as long as that page took", async () => {
    const { clock, queue, done, add } = start();
    void queue.renderTurn().then(() => {
      done.push("render 1");
      setImmediate(() => {
        clock.now += 30;
      });
    });
    void queue.renderTurn().then(() => done.push("render 2"));
    for (let i = 0; i < 29; i++) {
      await turns(1);
      if (i > 3) clock.now += 1;
      add("check", "check");
    }
    expect(done.filter((name) => name.startsWith("render"))).toEqual(["render 1"]);
    clock.now += 30;
    await turns(2);
    expect(done).toContain("render 2");
  });

  test("begin while others come only if few are at work, or if those are slow", async () => {
    const { clock, pages, done, add } = start();
    pages.atWork = 2;
    add("page", "first");
    // Nothing else comes, so that nobody is kept waiting.
    await turns();
    expect(done).toEqual(["first"]);
    add("page", "second");
    for (let i = 0; i < 10; i++) {
      add("check", "check");
      await turns(1);
    }
    expect(done).not.toContain("second");
    clock.now += 200;
    add("check", "check");
    await turns(1);
    expect(done).toContain("second");
  });
});

describe("pages that another process renders", () => {
  test("begin only while few are at work, also if nothing else comes, and one more if those are slow", async () => {
    const { clock, pages, done, add } = start({ arePagesElsewhere: true });
    add("page", "first");
    await turns();
    pages.atWork = 2;
    add("page", "second");
    await turns();
    expect(done).toEqual(["first"]);
    clock.now += 200;
    await vi.waitFor(() => expect(done).toEqual(["first", "second"]));
    add("page", "third");
    await turns();
    expect(done).toHaveLength(2);
    pages.atWork = 1;
    await vi.waitFor(() => expect(done).toEqual(["first", "second", "third"]));
  });

  test("wait without turns of the event loop, and a check that comes meanwhile is answered in the next one", async () => {
    const { pages, done, add, clock } = start({ arePagesElsewhere: true });
    pages.atWork = 2;
    clock.now += 1;
    add("page", "first");
    await turns();
    add("page", "waits");
    await turns(1);
    const immediates = vi.spyOn(globalThis, "setImmediate");
    await vi.waitFor(() => expect(pages.asked).toBeGreaterThan(10));
    expect(immediates).not.toHaveBeenCalled();
    immediates.mockRestore();
    add("check", "check");
    await turns(1);
    expect(done).toContain("check");
    expect(done).not.toContain("waits");
  });
});

test("a turn that accepts a connection works on nothing, so that all that wait are accepted, for 20 turns at most", async () => {
  const { queue, done, add } = start();
  add("check", "check");
  for (let i = 0; i < 20; i++) {
    queue.noteConnection();
    await turns(1);
  }
  expect(done).toEqual([]);
  queue.noteConnection();
  await turns(1);
  expect(done).toEqual(["check"]);
  add("check", "next");
  queue.noteConnection();
  await turns(2);
  expect(done).toEqual(["check", "next"]);
});
