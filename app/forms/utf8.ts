type Check = {
  /** Returns the offset, over all chunks, of the first character that is not UTF-8, or null. */
  take: (bytes: Uint8Array) => number | null;
  /** Call at the end: a character may be incomplete. */
  end: () => number | null;
};

const percent = 0x25;

/**
 * Validates UTF-8 in chunks, as in the Encoding standard. `isEscaped`: the bytes are a URL or form, in which %C3%A9
 * stands for two bytes; offsets count bytes as sent.
 */
export function checkUtf8({ isEscaped = false } = {}): Check {
  let at = 0;
  /** Start of the current character, and its missing continuation bytes. */
  let start = 0;
  let needed = 0;
  let min = 0x80;
  let max = 0xbf;
  /** The hexadecimal digits read after a percent sign; null outside of an escape. */
  let digits: string | null = null;

  /** Returns false if `byte` cannot stand here. */
  function accept(byte: number, offset: number): boolean {
    if (needed === 0) {
      start = offset;
      if (byte < 0x80) return true;
      if (byte < 0xc2 || byte > 0xf4) return false;
      needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      // Overlong forms, surrogates, and beyond U+10FFFF.
      min = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
      max = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
      return true;
    }
    if (byte < min || byte > max) return false;
    needed -= 1;
    min = 0x80;
    max = 0xbf;
    return true;
  }

  function takeEscaped(byte: number, offset: number): boolean {
    if (digits === null) {
      if (byte !== percent) return accept(byte, offset);
      digits = "";
      return true;
    }
    digits += String.fromCharCode(byte);
    if (!/^[0-9a-f]{1,2}$/i.test(digits)) {
      // A percent sign that starts no escape is literal.
      digits = null;
      return accept(percent, offset) && takeEscaped(byte, offset);
    }
    if (digits.length === 1) return true;
    const escaped = Number.parseInt(digits, 16);
    digits = null;
    return accept(escaped, offset - 2);
  }

  return {
    take(bytes) {
      for (const byte of bytes) {
        if (!(isEscaped ? takeEscaped(byte, at) : accept(byte, at))) return start;
        at += 1;
      }
      return null;
    },
    end: () => (needed > 0 ? start : null),
  };
}

/** Returns the offset of the first byte that is not UTF-8, or null. */
export function invalidUtf8At(bytes: Uint8Array): number | null {
  const check = checkUtf8();
  return check.take(bytes) ?? check.end();
}

/** Returns the offset of the first character of an address that does not stand for UTF-8, or null. */
export function invalidAddressAt(address: string): number | null {
  const raw = /[^\x21-\x7e]/.exec(address)?.index;
  if (raw !== undefined) return raw;
  if (!/%[89a-f]/i.test(address)) return null;
  const check = checkUtf8({ isEscaped: true });
  return check.take(Uint8Array.from(address, (c) => c.charCodeAt(0))) ?? check.end();
}

/** "line 3, byte 41", both from 1: where a file that is not UTF-8 stops being it. */
export function invalidPlace(bytes: Uint8Array): string {
  const at = invalidUtf8At(bytes) ?? bytes.length;
  const before = bytes.subarray(0, at);
  const line = before.reduce((lines, byte) => (byte === 0x0a ? lines + 1 : lines), 1);
  return `line ${line}, byte ${at - before.lastIndexOf(0x0a)}`;
}
