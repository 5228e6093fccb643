import { expect, test } from "vitest";
import { isForeign } from "./origin.js";

const host = "localhost:8188";

test("programs, and pages of this server, may change things", () => {
  for (const headers of [
    { host },
    { host, origin: "http://localhost:8188" },
    { host: "Art.Example", origin: "https://art.example" },
    { host, origin: "http://localhost:8188", "sec-fetch-site": "same-origin" },
    // A user who types an address, or a program that says as much.
    { host, "sec-fetch-site": "none" },
  ])
    expect(isForeign(headers), JSON.stringify(headers)).toBe(false);
});

test("pages of others may not, nor those that hide whose they are", () => {
  for (const headers of [
    { host, origin: "null" },
    { host, origin: "" },
    { host, origin: "http://localhost" },
    { host, origin: "http://localhost:3000" },
    { host, origin: "http://localhost:8188.evil.example" },
    { host, origin: "http://localhost:8188/" },
    { host, origin: "http://evil.example#localhost:8188" },
    { host, origin: "chrome-extension://localhost:8188" },
    { host, "sec-fetch-site": "cross-site" },
    { host, "sec-fetch-site": "same-site" },
    { host, origin: "http://localhost:8188", "sec-fetch-site": "cross-site" },
    { origin: "http://localhost:8188" },
  ])
    expect(isForeign(headers), JSON.stringify(headers)).toBe(true);
});
