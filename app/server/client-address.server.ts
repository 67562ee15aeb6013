import type { IncomingMessage, Server } from "node:http";
import { BlockList, isIP } from "node:net";

/** The number of proxies in front, their addresses and ranges, or false for none. */
export type TrustProxy = false | number | string[];

/** `hop` is 0 for the connection's peer, 1 for the rightmost entry of X-Forwarded-For. */
export type IsTrusted = (address: string, hop: number) => boolean;

export function isAddressOrRange(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** Normalizes an entry of X-Forwarded-For or a peer's address; null if it is not an address. Some proxies add the port. */
export function parseAddress(text: string): string | null {
  const [, bare = ""] = /^\[?([^[\]%]*)(?:%[\w.]+)?\]?$/.exec(text.trim().replace(/^(\[.*\]|[\d.]+):\d{1,5}$/, "$1")) ?? [];
  const [, mapped] = /^(?:::|(?:0{1,4}:){5})ffff:([\d.]+)$/i.exec(bare) ?? [];
  const address = mapped ?? bare.toLowerCase();
  return isIP(address) ? address : null;
}

/** A caller's address for the log and the audit log: never a text that is not an address. Null if it is not known. */
export const callerAddress = (ip: string | undefined): string | null => parseAddress(ip ?? "");

export function createIsTrusted(trust: TrustProxy): IsTrusted {
  if (trust === false) return () => false;
  if (typeof trust === "number") return (_address, hop) => hop < trust;
  const proxies = new BlockList();
  for (const entry of trust) {
    const [text = "", bits] = entry.split("/");
    const address = parseAddress(text) ?? text;
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) proxies.addAddress(address, family);
    // The prefix length of an IPv4-mapped range counts from the start of the IPv6 address.
    else proxies.addSubnet(address, address === text.toLowerCase() ? Number(bits) : Math.max(0, Number(bits) - 96), family);
  }
  return (text) => {
    const address = parseAddress(text);
    return address !== null && proxies.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  };
}

/**
 * Returns the part of X-Forwarded-For that trusted proxies wrote. Read from the right, it ends where trust ends or an
 * entry is not an address. Entries further left come from clients and are ignored. Null if none remains.
 */
export function trustedChain(peer: string, forwardedFor: string, isTrusted: IsTrusted): string | null {
  const chain: string[] = [];
  const entries = forwardedFor.split(",");
  let address = peer;
  for (let hop = 0; hop < entries.length && isTrusted(address, hop); hop++) {
    const next = parseAddress(entries[entries.length - 1 - hop] ?? "");
    if (next === null) break;
    chain.unshift(next);
    address = next;
  }
  return chain.length > 0 ? chain.join(", ") : null;
}

/**
 * Cleans the header before anything reads it, so that `request.ip` is always an address named by the peer or a trusted
 * proxy.
 */
export function cleanForwardedFor(server: Server, isTrusted: IsTrusted): void {
  server.prependListener("request", ({ headers, socket }: IncomingMessage) => {
    const given = headers["x-forwarded-for"];
    if (given === undefined) return;
    const chain = trustedChain(socket.remoteAddress ?? "", String(given), isTrusted);
    if (chain === null) delete headers["x-forwarded-for"];
    else headers["x-forwarded-for"] = chain;
  });
}
