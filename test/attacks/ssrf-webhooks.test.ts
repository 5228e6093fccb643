import { expect, test } from "vitest";
import { ask, showText, startServer, until } from "../serve/server.js";
import { webServer } from "./web-server.js";

const submit = (server: { url: string }, webhook: unknown) =>
  ask(server, "/api/v2/jobs", { body: { workflow: showText("a"), webhook } });

test("a webhook on this machine or a private network is refused at once, in every spelling", async () => {
  const server = await startServer();
  const { port } = await webServer();
  for (const url of [
    `http://127.0.0.1:${port}/`,
    `http://2130706433:${port}/`,
    `http://0x7f.1:${port}/`,
    `http://0177.0.0.1:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://user:word@example.com/",
    "http://example.com:22/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "not a URL",
    { url: "http://127.0.0.1/" },
    { url: "http://example.com/", secret: "short" },
    5,
  ]) {
    const { status, json } = await submit(server, url);
    expect([status, json.error.code], JSON.stringify(url)).toEqual([
      400,
      expect.stringMatching(/^invalid_(webhook|request)$/),
    ]);
  }
  expect((await ask(server, "/api/v2/jobs")).json.pagination.total).toBe(0);
});

test("a webhook whose name leads to this machine is never told, and its job runs", async () => {
  const server = await startServer();
  const inside = await webServer();
  const { status, json } = await submit(server, `http://localhost:${inside.port}/`);
  expect(status).toBe(201);
  const { json: job } = await until(
    () => ask(server, json.urls.self),
    (answer) => answer.json.webhooks[0].state === "given_up",
  );
  expect(job).toMatchObject({ status: "succeeded", webhooks: [{ tries: 1, last_status: null }] });
  expect(job.webhooks[0].reason).toBe("the URL leads to an address that is not on the public internet");
  expect(inside.asked).toEqual([]);
});

test("the operator's leave for private networks opens no link-local address", async () => {
  const server = await startServer(["--allow-private-urls"]);
  for (const host of ["169.254.169.254", "[fe80::1]", "0.0.0.0", "[::ffff:a9fe:a9fe]"])
    expect((await submit(server, `http://${host}/`)).status, host).toBe(400);
});
