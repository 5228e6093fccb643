import { expect, test } from "vitest";
import { followEvents } from "./events.js";
import { ask, dataFolder, showText, startServer, until } from "./server.js";
import { bearer, tokenOf } from "./token.js";

/** Two users of a server, and one who may only look. */
async function people() {
  const data = dataFolder();
  const [ann, bob, reader] = [
    await tokenOf(data, "--user", "ann"),
    await tokenOf(data, "--user", "bob"),
    await tokenOf(data, "--user", "ann", "--scope", "read"),
  ];
  const server = await startServer([], { data });
  const person =
    ({ token }: { token: string }) =>
    (path: string, body?: unknown, method?: string) =>
      ask(server, path, { headers: bearer(token), ...(body !== undefined && { body }), ...(method && { method }) });
  return { server, ann: person(ann), bob: person(bob), reader: person(reader), headersOfBob: bearer(bob.token) };
}

test("a user's jobs and assets are nobody else's, and nobody learns that they are there", async () => {
  const { server, ann, bob, headersOfBob } = await people();
  const { json: job } = await ann("/api/v2/jobs", { workflow: showText("ann's") });
  const done = await until(
    () => ann(job.urls.self),
    ({ json }) => json.status === "succeeded",
  );
  const [output] = done.json.outputs;
  const asset = `/api/v2/assets/${output.id}`;
  const { json: made } = await ann(asset);
  const paths = ["self", "events", "workflow"].map((name) => job.urls[name]);
  for (const path of [...paths, asset, `${asset}/content`, `/api/v2/assets/by-hash/${made.hash}`])
    expect([(await ann(path)).status, (await bob(path)).status], path).toEqual([200, 404]);
  expect((await followEvents(server, job.urls.events, headersOfBob)).status).toBe(404);
  expect((await bob(job.urls.cancel, undefined, "POST")).status).toBe(404);
  expect((await bob(asset, undefined, "DELETE")).status).toBe(404);
  const minted = await bob("/api/v2/assets/from-hash", { hash: made.hash });
  expect([minted.status, minted.json.error.code]).toEqual([404, "blob_not_found"]);
  const stolen = {
    1: { class_type: "PreviewAny", inputs: { source: { __type: "core/ASSET", info: { id: output.id } } } },
  };
  const refused = await bob("/api/v2/jobs", { workflow: stolen });
  expect([refused.status, refused.json.error.code]).toEqual([422, "missing_asset"]);
  expect((await bob("/api/v2/jobs")).json.pagination.total).toBe(0);
  expect((await bob("/api/v2/assets")).json.pagination.total).toBe(0);
  expect((await ann("/api/v2/assets")).json.pagination.total).toBe(1);
});

test("a user runs workflows of their own by name", async () => {
  const { ann, bob } = await people();
  await ann("/userdata/workflows%2Fhello.json", showText("hello"));
  expect((await ann("/api/run")).json).toEqual({ workflows: [{ name: "hello" }] });
  expect((await ann("/api/run/hello?wait=60", {})).json.status).toBe("succeeded");
  expect((await bob("/api/run")).json).toEqual({ workflows: [] });
  const { status, text } = await bob("/api/run/hello", {});
  expect(status).toBe(404);
  expect(text).not.toContain("there are");
});

test("who may only look submits, cancels, uploads and runs nothing; who is nobody sees nothing", async () => {
  const { server, ann, reader } = await people();
  const { json: job } = await ann("/api/v2/jobs", { workflow: showText("a") });
  await ann("/userdata/workflows%2Fhello.json", showText("hello"));
  expect((await reader(job.urls.self)).status).toBe(200);
  expect((await reader("/api/run/hello")).status).toBe(200);
  const changes = [
    ["/api/v2/jobs", "POST"],
    [job.urls.cancel, "POST"],
    ["/api/v2/assets", "POST"],
    ["/api/v2/assets/from-hash", "POST"],
    ["/api/v2/assets/x", "DELETE"],
    ["/api/run/hello", "POST"],
  ];
  for (const [path, method] of changes)
    expect((await reader(path!, method === "POST" ? {} : undefined, method)).status, path).toBe(403);
  const reads = ["/api/v2/jobs", job.urls.self, job.urls.events, "/api/v2/assets", "/api/run", "/api/run/hello"];
  for (const path of reads) {
    const { status, json } = await ask(server, path);
    expect(status, path).toBe(401);
    expect(json.error.message).toEqual(expect.any(String));
  }
});
