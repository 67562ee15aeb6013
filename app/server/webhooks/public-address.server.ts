import { lookup as lookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** IPv4 networks that are not on the public internet: private, loopback, link-local, CGNAT, multicast and reserved ones. */
const closedNetworks: readonly [string, number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];
/**
 * Parts of 2000::/3 that are not public or that contain an IPv4 address. Everything outside of 2000::/3 is refused as
 * it is: loopback, mapped and translated IPv4, unique-local, link-local, multicast.
 */
const closedNetworks6: readonly [string, number][] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const closed = new BlockList();
for (const [network, prefix] of closedNetworks) closed.addSubnet(network, prefix, "ipv4");
for (const [network, prefix] of closedNetworks6) closed.addSubnet(network, prefix, "ipv6");
const global6 = new BlockList();
global6.addSubnet("2000::", 3, "ipv6");

/** True for an IP address that anyone may reach. False also for text that is not an address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  // With a zone ("fe80::1%eth0") it is link-local.
  if (family === 0 || address.includes("%")) return false;
  if (family === 4) return !closed.check(address, "ipv4");
  return global6.check(address, "ipv6") && !closed.check(address, "ipv6");
}

/** Its message is shown in the delivery log, and names no address, because an admin could map the internal network with it. */
export class AddressRefused extends Error {
  constructor() {
    super("The host's address is private or reserved. LATCHKEY_WEBHOOK_ALLOW_HOSTS can allow the host.");
  }
}

export type ResolveHost = typeof lookupAddress;

/**
 * The lookup of a connection. It refuses a name if any of its addresses is not public, and the connection is made to
 * an address of the same answer, so that a second answer cannot differ.
 */
export function publicLookup(resolve: ResolveHost = lookupAddress): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "", 0);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isPublicAddress(address))) return callback(new AddressRefused(), "", 0);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
