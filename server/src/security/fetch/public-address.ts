import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** 2000::/3, all that IANA has given out for the public network (RFC 4291). */
const GLOBAL_UNICAST = ipaddr.IPv6.parse("2000::");
/** Well-known translation of IPv4 (RFC 6052): behind NAT64 every IPv4 host has such an address. */
const NAT64 = ipaddr.IPv6.parse("64:ff9b::");
/** Public by its number, but what answers there is the hypervisor that an Azure machine runs on. */
const AZURE_HOST = "168.63.129.16";

/** Ranges of people's own networks. Link-local is none of them: clouds hand out credentials there. */
const OWN_NETWORK: ReadonlySet<string> = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);

/** An IPv6 address that only carries an IPv4 one stands for that one. */
function unwrapped(address: Address): Address {
  if (address.kind() === "ipv4") return address;
  const wide = address as ipaddr.IPv6;
  const bytes = wide.toByteArray();
  // ipaddr.js calls `::a.b.c.d` mapped too; the deprecated form is as good a name for the same host.
  const carries = wide.isIPv4MappedAddress() || wide.match(NAT64, 96) || wide.range() === "ipv4Mapped";
  return carries ? ipaddr.fromByteArray(bytes.slice(12)) : wide;
}

/** This machine's own addresses: what it serves to its network is not for the users of this server. */
const isOwn = (address: Address): boolean =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .some(({ address: own }) => ipaddr.parse(own.split("%")[0]!).toNormalizedString() === address.toNormalizedString());

/**
 * Whether a server may be asked on a user's behalf at an address: it is on the public internet, and not this machine.
 * `privateToo`: those of the operator's own networks and of this machine as well, never link-local, multicast or reserved.
 */
export function mayReach(text: string, privateToo = false): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = unwrapped(ipaddr.parse(text));
  const range = address.range();
  if (privateToo && (OWN_NETWORK.has(range) || (range === "unicast" && isOwn(address)))) return true;
  if (range !== "unicast" || address.toString() === AZURE_HOST || isOwn(address)) return false;
  return address.kind() === "ipv4" || (address as ipaddr.IPv6).match(GLOBAL_UNICAST, 3);
}
