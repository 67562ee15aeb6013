import fc from "fast-check";
import { expect, test } from "vitest";
import { checkUtf8, invalidAddressAt, invalidPlace, invalidUtf8At } from "./utf8";

const isValid = (bytes: Uint8Array) => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc
    .array(fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc3, 0xe0, 0xe2, 0xed, 0xf0, 0xf4), { maxLength: 8 })
    .map((b) => Uint8Array.from(b)),
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => new TextEncoder().encode(text)),
);

test("bytes are found to be UTF-8 exactly when the platform decodes them, and all before the place named is valid", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const at = invalidUtf8At(bytes);
      expect(at === null).toBe(isValid(bytes));
      if (at !== null) expect([isValid(bytes.subarray(0, at)), at < bytes.length]).toEqual([true, true]);
    }),
    { numRuns: 5_000 },
  );
});

test("however bytes are cut into chunks, the same place is named, in a form's escapes too", () => {
  const escaped = (bytes: Uint8Array) => [...bytes].map((b) => `%${b.toString(16).padStart(2, "0")}`).join("");
  fc.assert(
    fc.property(anyBytes, fc.integer({ min: 1, max: 4 }), fc.boolean(), (bytes, size, isEscaped) => {
      const sent = isEscaped ? new TextEncoder().encode(`a=${escaped(bytes)}&b=%zz`) : bytes;
      const check = checkUtf8({ isEscaped });
      let found: number | null = null;
      for (let i = 0; i < sent.length && found === null; i += size) found = check.take(sent.subarray(i, i + size));
      found ??= check.end();
      const at = invalidUtf8At(bytes);
      expect(found).toBe(at === null ? null : isEscaped ? 2 + at * 3 : at);
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ["/api/entitlements?tenant=a%20b&feature=100%&q=a+b", null],
  ["/api/tenants/%C3%A9", null],
  ["/api/tenants/Caf%E9", 16],
  ["/tenants?q=%C3", 11],
  ["/tenants?q=%C3%A9%ED%A0%80", 17],
  ["/tenants/Caf\u00e9", 12],
])("in the address %s the first character that is not UTF-8 is %s", (address, at) => {
  expect(invalidAddressAt(address)).toBe(at);
});

test("a file's place is its line and the byte in it", () => {
  expect(invalidPlace(Uint8Array.from([0x61, 0x0a, 0x62, 0xe9, 0x0a]))).toBe("line 2, byte 2");
});
