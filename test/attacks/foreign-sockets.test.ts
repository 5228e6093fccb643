import { expect, test } from "vitest";
import { follow } from "../serve/follow.js";
import { dataFolder, startServer } from "../serve/server.js";
import { bearer, tokenOf } from "../serve/token.js";

/** Sockets are not bound to their page's site by browsers: the server has to look. */
test.each([
  ["another site", { origin: "https://evil.example" }],
  ["a sandboxed frame, or a file", { origin: "null" }],
  ["nowhere", { origin: "" }],
  ["another port of this machine", { origin: "http://127.0.0.1:1" }],
  ["an extension", { origin: "chrome-extension://abcdefgh" }],
  ["a name that was made to lead here", { host: "evil.example", origin: "http://evil.example" }],
  ["an old browser that says the site only", { "sec-fetch-site": "cross-site" }],
])("a page of %s opens no socket, signed in or not", async (_, foreign) => {
  const open = await startServer();
  await expect(follow(open, "a", foreign)).rejects.toThrow("403");
  const data = dataFolder();
  const { token } = await tokenOf(data, "--scope", "admin");
  const server = await startServer([], { data });
  for (const headers of [{ cookie: `mezzotint=${token}` }, bearer(token)])
    await expect(follow(server, "a", { ...headers, ...foreign })).rejects.toThrow("403");
  await expect(follow(server, `a&token=${token}`, foreign)).rejects.toThrow("403");
});

test("no token, no socket: not by a client's id, a protocol or a header that names somebody", async () => {
  const data = dataFolder();
  await tokenOf(data);
  const server = await startServer([], { data });
  for (const headers of [{}, { "sec-websocket-protocol": "token" }, { "comfy-user": "default" }, bearer("mzt_x")])
    await expect(follow(server, "default", headers as Record<string, string>)).rejects.toThrow("401");
});
