import { expect, test } from "vitest";
import { z } from "zod";
import { formZone, inZone, localTime } from "./instants";

const schema = z.object({ startsAt: localTime, endsAt: localTime, zone: formZone }).transform(inZone("startsAt", "endsAt"));

test("a form's times are read in the zone that it names, and in UTC without one", () => {
  expect(schema.parse({ endsAt: "2026-12-13T18:12", zone: "America/Los_Angeles" }).endsAt).toBe(Date.UTC(2026, 11, 14, 2, 12));
  expect(schema.parse({ endsAt: "2026-12-13T18:12" })).toEqual({ endsAt: Date.UTC(2026, 11, 13, 18, 12) });
});

test.each([
  [{ endsAt: "2027-02-30T10:00" }, "endsAt"],
  [{ startsAt: "tomorrow", endsAt: "2027-02-01T10:00" }, "startsAt"],
  [{ endsAt: "2027-02-01T10:00", zone: "Mars/Phobos" }, "endsAt"],
])("%j is refused beside the field", (form, field) => {
  const { error } = schema.safeParse(form);
  expect(error?.issues.map(({ path, message }) => [path[0], message])).toEqual([[field, "Choose a date and time."]]);
});
