import { expect, test } from "vitest";
import { createIsTrusted, parseAddress, type TrustProxy, trustedChain } from "./client-address.server";

/** The client's address: the left end of the trusted chain, or the peer. */
const clientOf = (trust: TrustProxy, peer: string, forwardedFor: string) =>
  trustedChain(peer, forwardedFor, createIsTrusted(trust))?.split(", ")[0] ?? parseAddress(peer);

test("an address is read with a port, in brackets, and mapped into IPv6, and comes out in one spelling", () => {
  for (const text of ["192.0.2.7", " 192.0.2.7 ", "192.0.2.7:8080", "::ffff:192.0.2.7", "::FFFF:192.0.2.7", "0:0:0:0:0:ffff:192.0.2.7"]) {
    expect(parseAddress(text)).toBe("192.0.2.7");
  }
  for (const text of ["2001:DB8::7", "[2001:db8::7]", "[2001:db8::7]:443", "2001:db8::7%eth0"])
    expect(parseAddress(text)).toBe("2001:db8::7");
});

test("text that is not an address is not read as one", () => {
  for (const text of [
    "",
    "unknown",
    "_hidden",
    "<b>x</b>",
    "192.0.2.7<script>",
    "192.0.2",
    "300.1.1.1",
    "1.2.3.4:x",
    "::ffff:1.2.3",
    "a.example",
  ]) {
    expect(parseAddress(text)).toBeNull();
  }
});

test.each<[TrustProxy, string]>([
  [false, "10.0.0.1"],
  [1, "198.51.100.9"],
  [2, "203.0.113.5"],
  [["10.0.0.1"], "198.51.100.9"],
  [["10.0.0.0/8", "198.51.100.0/24"], "203.0.113.5"],
  [["192.168.0.1"], "10.0.0.1"],
])("with TRUST_PROXY %j a made-up left end changes nothing", (trust, client) => {
  for (const madeUp of ["", "1.1.1.1, ", "1.1.1.1, 2.2.2.2, 3.3.3.3, ", "<b>x</b>, ", ", , "]) {
    expect(clientOf(trust, "10.0.0.1", `${madeUp}203.0.113.5, 198.51.100.9`)).toBe(client);
    expect(clientOf(trust, "::ffff:10.0.0.1", `${madeUp}203.0.113.5, 198.51.100.9`)).toBe(client);
  }
});

test("a client that reaches Latchkey past the proxy is known by its own address", () => {
  expect(clientOf(["10.0.0.1"], "203.0.113.66", "1.1.1.1, 10.0.0.1")).toBe("203.0.113.66");
});

test("an entry that is not an address ends the chain, so nobody is known by it", () => {
  expect(clientOf(2, "10.0.0.1", "<img src=x>, 198.51.100.9")).toBe("198.51.100.9");
  expect(clientOf(1, "10.0.0.1", "<img src=x>")).toBe("10.0.0.1");
  expect(clientOf(["10.0.0.0/8"], "10.0.0.1", "unknown")).toBe("10.0.0.1");
});

test("ranges of IPv6 and mapped addresses are trusted as they are written", () => {
  expect(clientOf(["2001:db8::/32"], "2001:db8:ffff::1", "203.0.113.5")).toBe("203.0.113.5");
  expect(clientOf(["::ffff:10.0.0.0/104"], "10.0.0.1", "203.0.113.5")).toBe("203.0.113.5");
  expect(clientOf(["::ffff:10.0.0.0/104"], "11.0.0.1", "203.0.113.5")).toBe("11.0.0.1");
});

test("thousands of entries in the header cost no more than the trusted ones", () => {
  const header = `${"1.1.1.1, ".repeat(1_500)}203.0.113.5`;
  expect(trustedChain("10.0.0.1", header, createIsTrusted(["10.0.0.1"]))).toBe("203.0.113.5");
});
