import { expect, test } from "vitest";
import { bytesText } from "./bytes";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [99_949, "99.9 kB"],
  [99_950, "100 kB"],
  [999_500, "1.0 MB"],
  [155_000_000, "155 MB"],
  [2_340_000_000, "2.3 GB"],
  [5e16, "50000 TB"],
])("%d bytes read %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));
