import { describe, expect, test } from "vitest";
import { hostCheck, isLoopback } from "./allowed-host.js";

describe("isLoopback", () => {
  test.each(["localhost", "app.localhost", "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])("%s", (name) => {
    expect(isLoopback(name)).toBe(true);
  });

  test.each(["", "localhost.example", "0.0.0.0", "::", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "2130706433"])(
    "not %s",
    (name) => {
      expect(isLoopback(name)).toBe(false);
    },
  );
});

describe("hostCheck", () => {
  const isAllowed = hostCheck({ allowedHosts: ["Art.example", "[fd00::1]:8443"] });

  test("takes loopback with any port, for a tunnel ends at a port of its own", () => {
    for (const host of ["localhost", "LOCALHOST:1", "localhost.:80", "127.0.0.1:8188", "[::1]:8188"])
      expect(isAllowed(host), host).toBe(true);
  });

  test("takes a name that was given with every port, and one with a port with that alone", () => {
    for (const host of ["art.example", "ART.example:9", "[fd00::1]:8443"]) expect(isAllowed(host), host).toBe(true);
    for (const host of ["www.art.example", "[fd00::1]", "[fd00::1]:80"]) expect(isAllowed(host), host).toBe(false);
  });

  test("refuses what is missing or is no host", () => {
    for (const host of [
      undefined,
      "",
      ":",
      "::1",
      "[::1",
      "localhost:",
      "a b",
      "localhost/",
      "localhost, x",
      "é.localhost",
    ])
      expect(isAllowed(host), host).toBe(false);
  });

  test("says which name of the user's is none", () => {
    expect(() => hostCheck({ allowedHosts: ["https://art.example"] })).toThrow("https://art.example");
  });

  test("takes addresses, and this machine's name, only where it listens for more than this machine", () => {
    const everywhere = hostCheck({ host: "0.0.0.0", allowedHosts: [] });
    for (const host of ["192.168.1.7:8188", "[fd00::1]:8188", "localhost"]) {
      expect(everywhere(host), host).toBe(true);
      if (host !== "localhost") expect(isAllowed(host), host).toBe(false);
    }
    expect(everywhere("rebound.example")).toBe(false);
  });
});
