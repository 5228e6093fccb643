import { connect } from "node:net";
import { expect, test } from "vitest";
import { follow } from "../serve/follow.js";
import { ask, dataFolder, startServer } from "../serve/server.js";
import { bearer, tokenOf } from "../serve/token.js";
import { declared, filled, nameOf, refusalOf } from "./routes.js";

/** Sends bytes as they are; the first line of the answer. */
function statusLine(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(said.split("\r\n", 1)[0] as string));
  });
}

test("by a name that is not this machine's no route answers, public ones neither", async () => {
  const server = await startServer();
  const headers = { host: "evil.example" };
  for (const route of declared) {
    const answer = await ask(server, filled(route.path), { method: route.method.toUpperCase(), headers });
    expect([nameOf(route), answer.status, refusalOf(answer)]).toEqual([nameOf(route), 403, "host_not_allowed"]);
  }
  for (const path of ["/", "/nowhere", "/index.html"])
    expect((await ask(server, path, { headers })).status, path).toBe(403);
});

test("a good token does not make up for the name, nor do headers of proxies", async () => {
  const data = dataFolder();
  const { token } = await tokenOf(data);
  const server = await startServer(["--behind-proxy"], { data });
  for (const more of [
    bearer(token),
    { cookie: `mezzotint=${token}` },
    { ...bearer(token), "x-forwarded-host": "localhost" },
    { ...bearer(token), forwarded: "host=localhost" },
    { ...bearer(token), origin: "http://evil.example" },
  ])
    expect((await ask(server, "/queue", { headers: { host: "evil.example", ...more } })).status).toBe(403);
  const signingIn = { headers: { host: "evil.example", accept: "text/html" } };
  const { status, headers } = await ask(server, `/?token=${token}`, signingIn);
  expect([status, headers["set-cookie"]]).toEqual([403, undefined]);
  await expect(follow(server, "a", { host: "evil.example", ...bearer(token) })).rejects.toThrow("403");
});

test.each([
  ["without a Host", "GET /queue HTTP/1.1\r\n\r\n", 400],
  ["with two", "GET /queue HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n", 403],
  ["in a whole address", "GET http://localhost/queue HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403],
  ["in HTTP/1.0, which needs no Host", "GET /queue HTTP/1.0\r\n\r\n", 403],
])("a request %s is refused", async (_, bytes, status) => {
  const server = await startServer();
  expect(await statusLine(server.url, bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});
