import { expect, test } from "vitest";
import { ask, dataFolder, startServer } from "../serve/server.js";
import { bearer, tokenOf } from "../serve/token.js";
import { declared, filled, nameOf, refusalOf } from "./routes.js";

const SCOPES = ["public", "read", "run", "admin"];

/** Names of routes that let a request in, whatever they then say of it. */
async function letIn(url: string, headers: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const open = [];
  for (const route of declared) {
    const answer = await ask({ url }, filled(route.path), { method: route.method.toUpperCase(), headers });
    if (answer.status !== 401 && refusalOf(answer) !== "scope_missing") open.push(nameOf(route));
  }
  return open;
}

test("a token opens the routes of its scope and no others; without one, only public routes open", async () => {
  const data = dataFolder();
  const tokens = await Promise.all(["read", "run", "admin"].map((scope) => tokenOf(data, "--scope", scope)));
  const server = await startServer([], { data });
  const asked = [{}, ...tokens.map(({ token }) => bearer(token))];
  for (const [has, headers] of asked.entries()) {
    const may = declared.filter(({ scope }) => SCOPES.indexOf(scope) <= has).map(nameOf);
    expect(await letIn(server.url, headers), SCOPES[has]).toEqual(may);
  }
  expect(declared.filter(({ scope }) => scope === "public").map(nameOf)).toEqual(["get /api/health", "get /api/ready"]);
});

test("what is no route tells nobody so without a token", async () => {
  const data = dataFolder();
  const { token } = await tokenOf(data);
  const server = await startServer([], { data });
  for (const path of [
    "/",
    "/index.html",
    "/nowhere",
    "/api/nowhere",
    "/api",
    "/ws",
    "/API/queue",
    "//queue",
    "/queue/",
  ])
    expect((await ask(server, path)).status, path).toBe(401);
  expect((await ask(server, "/nowhere", { headers: bearer(token) })).status).toBe(404);
});
