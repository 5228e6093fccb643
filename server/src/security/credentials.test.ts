import { expect, test } from "vitest";
import { credentialOf, withoutToken } from "./credentials.js";

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

test.each([
  ["bearer", { headers: { authorization: "Bearer t0k-en" } }],
  ["bearer", { headers: { authorization: "bearer t0k-en" } }],
  ["basic", { headers: { authorization: basic("anybody:t0k-en") } }],
  ["basic", { headers: { authorization: basic(":t0k-en") } }],
  ["query", { headers: {}, url: "/ws?clientId=1&token=t0k-en" }],
  ["cookie", { headers: { cookie: "a=b; mezzotint=t0k-en; c=d" } }],
])("a token is read as %s", (how, request) => {
  expect(credentialOf(request)).toEqual({ how, token: "t0k-en" });
});

test("the header counts before the address, and that before the cookie", () => {
  const request = { headers: { authorization: "Bearer h", cookie: "mezzotint=c" }, url: "/?token=q" };
  expect(credentialOf(request)?.token).toBe("h");
  expect(credentialOf({ ...request, headers: { cookie: "mezzotint=c" } })?.token).toBe("q");
});

test.each([
  {},
  { authorization: "Bearer" },
  { authorization: "Bearer a b" },
  { authorization: "Digest x" },
  { authorization: basic("no colon").replace("Basic", "Basics") },
  { authorization: `Bearer ${"x".repeat(10_000)}` },
  { cookie: "notmezzotint=x" },
  { cookie: "mezzotint=" },
])("nothing is made of %o", (headers) => {
  expect(credentialOf({ headers })).toBeUndefined();
});

test("an address loses its token, and nothing else, and stays on this server", () => {
  expect(withoutToken("/a?x=1&token=t&y=%20")).toBe("/a?x=1&y=%20");
  expect(withoutToken("/?token=t")).toBe("/");
  expect(withoutToken("/a?tokens=1")).toBe("/a?tokens=1");
  expect(withoutToken("//evil.example/?token=t")).toBe("/evil.example/");
  expect(withoutToken("/\\evil.example?token=t")).toBe("/evil.example");
});
