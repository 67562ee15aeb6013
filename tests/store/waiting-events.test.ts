import { afterEach, describe, expect, test } from "vitest";
import { addWaitingEvents, readWaitingEvents, removeWaitingEvents } from "~db/store/waiting-events.server";
import { engines, startServices, type TestServices } from "../support/services";

const open: TestServices[] = [];
afterEach(async () => {
  for (const services of open.splice(0)) await services.stop();
});

describe.each(engines)("events that wait to be told, on %s", (engine) => {
  const start = async () => {
    const services = await startServices(engine);
    open.push(services);
    const { db, clock } = services;
    return {
      db,
      add: (...bodies: { [name: string]: string }[]) => db.transaction([], (tx) => addWaitingEvents(tx, db.tables, bodies, clock.now)),
      read: (most = 100) => readWaitingEvents(db.read, db.tables, most),
      remove: (seqs: number[]) => db.transaction([], (tx) => removeWaitingEvents(tx, db.tables, seqs)),
    };
  };

  test("come in the order in which they were written, byte for byte, and leave one by one", async () => {
    const { add, read, remove } = await start();
    await add({ event: "first" }, { event: "second", odd: "\u0000 ü \ud83d\ude00 '\"" });
    await add({ event: "third" });
    const rows = await read();
    expect(rows.map(({ body }) => body)).toEqual([
      { event: "first" },
      { event: "second", odd: "\u0000 ü \ud83d\ude00 '\"" },
      { event: "third" },
    ]);
    expect(await read(2)).toEqual(rows.slice(0, 2));
    await remove([rows[0]?.seq as number, rows[2]?.seq as number]);
    await remove([]);
    expect((await read()).map(({ body }) => body.event)).toEqual(["second"]);
  });

  test("are not there when the transaction that they tell of came to nothing", async () => {
    const { db, read } = await start();
    const failing = db.transaction([], async (tx) => {
      await addWaitingEvents(tx, db.tables, [{ event: "never" }], 0);
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await read()).toEqual([]);
  });
});
