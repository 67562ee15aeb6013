import type fs from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLog } from "./log.server";
import { createLogOutput } from "./log-output.server";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Callback = (error: NodeJS.ErrnoException | null, written: number) => void;

/** A descriptor whose writes are answered by the test, in order. */
function openDisk() {
  const asked: { bytes: Buffer; answer: Callback }[] = [];
  let text = "";
  const write = ((_fd: number, bytes: Buffer, _offset: number, _length: number, _position: null, answer: Callback) =>
    void asked.push({ bytes, answer })) as unknown as typeof fs.write;
  return {
    write,
    text: () => text,
    underWay: () => asked.length,
    take(size?: number): void {
      const one = asked.shift();
      const taken = one?.bytes.subarray(0, size ?? one.bytes.length) ?? Buffer.alloc(0);
      text += taken;
      one?.answer(null, taken.length);
    },
    refuse: (code: string) => asked.shift()?.answer(Object.assign(new Error(code), { code }), 0),
  };
}

test("one write is under way at a time, and everything arrives in order, also where the system takes a part of it", async () => {
  const disk = openDisk();
  const output = createLogOutput(1, disk);
  for (const line of ["a\n", "bb\n", "ccc\n"]) output.write(line);
  expect(disk.underWay()).toBe(1);
  disk.take(1);
  disk.take();
  disk.take();
  expect([disk.text(), disk.underWay(), output.droppedLines()]).toEqual(["a\nbb\nccc\n", 0, 0]);
});

test.each(["ENOSPC", "EIO", "EAGAIN"])(
  "after %s it tries again, ever less often, drops what does not fit, and says how much that was",
  (code) => {
    const disk = openDisk();
    const output = createLogOutput(1, { ...disk, maxBytes: 1_000 });
    const log = createLog("info", output);
    for (let i = 0; i < 50; i++) log.info({ i }, "x".repeat(50));
    const dropped = output.droppedLines();
    expect(dropped).toBeGreaterThan(30);
    const attempts = () => {
      let count = 0;
      for (let i = 0; i < 60_000 / 50; i++) {
        if (disk.underWay() > 0) {
          count += 1;
          disk.refuse(code);
        }
        vi.advanceTimersByTime(50);
      }
      return count;
    };
    expect(attempts()).toBeLessThan(25);
    vi.advanceTimersByTime(60_000);
    while (disk.underWay() > 0) disk.take();
    const lines = disk.text().trim().split("\n");
    expect(lines).toHaveLength(50 - dropped + 1);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ lines: dropped, msg: expect.stringContaining("dropped") });
  },
);

test.each(["EPIPE", "EBADF"])("after %s nothing is tried again, and lines are counted", (code) => {
  const disk = openDisk();
  const output = createLogOutput(1, disk);
  output.write("a\n");
  output.write("b\n");
  disk.refuse(code);
  output.write("c\n");
  vi.advanceTimersByTime(60_000);
  expect([disk.underWay(), output.droppedLines()]).toEqual([0, 3]);
});

test("a flush ends when all is written, or when its time is over", async () => {
  const disk = openDisk();
  const output = createLogOutput(1, disk);
  await output.flush();
  output.write("a\n");
  let isDone = false;
  const flushing = output.flush(1_000).then(() => {
    isDone = true;
  });
  await vi.advanceTimersByTimeAsync(999);
  expect(isDone).toBe(false);
  disk.take();
  await flushing;
  output.write("b\n");
  const timed = output.flush(1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  await timed;
});
