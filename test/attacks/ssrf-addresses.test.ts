import { expect, test } from "vitest";
// @boundaries-ignore the guard is asked directly, since no test may reach the public internet
import { mayReach } from "../../server/src/security/fetch/public-address.js";
import { guarded, reasonOf } from "./guarded.js";
import { webServer } from "./web-server.js";

test.each([
  ["loopback", ["127.0.0.1", "127.255.255.254", "::1"]],
  ["link-local, where clouds hand out credentials", ["169.254.169.254", "169.254.170.2", "fe80::1", "fe80::a9fe:a9fe"]],
  ["private networks", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1"]],
  [
    "carrier-grade NAT, and the metadata that one cloud has there",
    ["100.64.0.1", "100.127.255.255", "100.100.100.200"],
  ],
  ["metadata of other clouds", ["fd00:ec2::254", "192.0.0.192", "168.63.129.16"]],
  ["this network, broadcast, multicast", ["0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "::", "ff02::1"]],
  [
    "reserved and documentation",
    ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "240.0.0.1", "2001:db8::1"],
  ],
  [
    "IPv4 inside IPv6",
    ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::ffff:0:127.0.0.1"],
  ],
  ["NAT64", ["64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1"]],
  ["tunnels", ["2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::"]],
  ["site-local, discarded, unassigned", ["fec0::1", "100::1", "5f00::1", "1::1", "4000::1"]],
  [
    "what is no address",
    ["", "localhost", "127.0.0.1:80", "1.2.3.4.5", "fe80::1%eth0", "::ffff:127.0.0.1.evil.example"],
  ],
])("an address is not asked: %s", (_, addresses) => {
  expect(addresses.filter((address) => mayReach(address))).toEqual([]);
});

test("addresses of the public internet are asked, by NAT64 too", () => {
  const addresses = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"];
  expect(addresses.filter((address) => !mayReach(address))).toEqual([]);
});

test("an operator's leave opens private networks, never link-local, multicast or reserved addresses", () => {
  for (const address of ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "fd00::5", "100.64.3.2", "::ffff:127.0.0.1"])
    expect(mayReach(address, true), address).toBe(true);
  for (const address of ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254", "fec0::1"])
    expect(mayReach(address, true), address).toBe(false);
});

test.each([
  ["as it is", "127.0.0.1"],
  ["as a decimal number", "2130706433"],
  ["in octal", "0177.0.0.01"],
  ["as one octal number", "017700000001"],
  ["in hexadecimal", "0x7f.0x0.0x0.0x1"],
  ["as one hexadecimal number", "0x7f000001"],
  ["shortened", "127.1"],
  ["with a dot at the end", "127.0.0.1."],
  ["escaped", "%31%32%37.0.0.1"],
  ["in full-width digits", "１２７．０．０．１"],
  ["as IPv6", "[::1]"],
  ["mapped into IPv6", "[::ffff:127.0.0.1]"],
  ["mapped into IPv6, in hexadecimal", "[::ffff:7f00:1]"],
  ["by the name of this machine", "localhost"],
  ["by a name below it", "me.localhost"],
])("loopback is refused before anything is sent: %s", async (_, host) => {
  const inside = await webServer();
  expect(await reasonOf(guarded(`http://${host}:${inside.port}/`))).toMatch(/^(address|name|url)$/);
  expect(inside.asked).toEqual([]);
});

test.each(["10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]"])(
  "a private or link-local address is refused: %s",
  async (host) => {
    expect(await reasonOf(guarded(`http://${host}/latest/meta-data/`))).toBe("address");
  },
);
