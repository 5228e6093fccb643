import { expect, test } from "vitest";
import { mezzotint } from "../command.js";
import { follow } from "../serve/follow.js";
import { type Answer, ask, dataFolder, startServer } from "../serve/server.js";
import { bearer, tokenOf } from "../serve/token.js";

const guess = (i: number) => `mzt_${i.toString(16).padStart(12, "0")}_${"A".repeat(43)}`;
const basic = (token: string) => ({ authorization: `Basic ${Buffer.from(`me:${token}`).toString("base64")}` });

/** A server that asks for tokens, and a good one. */
async function guarded(...args: string[]) {
  const data = dataFolder();
  const { token } = await tokenOf(data);
  return { server: await startServer(args, { data }), token };
}

/** How often each status came. */
async function tally(times: number, attempt: (i: number) => Promise<number | string>) {
  const counts: Record<string, number> = {};
  for (let i = 0; i < times; i++) {
    const status = await attempt(i);
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

const statusOf = ({ status }: Answer) => status;

test.each([
  ["as Bearer", 30, (token: string) => ({ path: "/queue", headers: bearer(token) })],
  ["as Basic", 30, (token: string) => ({ path: "/queue", headers: basic(token) })],
  ["in the address", 30, (token: string) => ({ path: `/queue?token=${token}`, headers: {} })],
  ["by a route that does not exist", 30, (token: string) => ({ path: "/nowhere", headers: bearer(token) })],
  ["as a cookie", 300, (token: string) => ({ path: "/queue", headers: { cookie: `mezzotint=${token}` } })],
])("a token is not guessed at without end: %s", async (_, most, asking) => {
  const { server, token } = await guarded();
  const counts = await tally(most + 10, async (i) => {
    const { path, headers } = asking(guess(i));
    return statusOf(await ask(server, path, { headers: headers as Record<string, string> }));
  });
  expect(counts).toEqual({ 401: most, 429: 10 });
  const { path, headers } = asking(guess(0));
  const refused = await ask(server, path, { headers: headers as Record<string, string> });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect((await ask(server, "/queue", { headers: bearer(token) })).status).toBe(200);
});

const socketStatus = (server: { readonly url: string }, headers: Readonly<Record<string, string>>, client = "a") =>
  follow(server, client, headers).then(
    () => "open",
    (error: Error) => error.message,
  );

test("nor by opening sockets, which count together with requests", async () => {
  const { server, token } = await guarded();
  const counts = await tally(40, (i) => socketStatus(server, bearer(guess(i))));
  expect(counts).toEqual({ "HTTP 401": 30, "HTTP 429": 10 });
  expect(await socketStatus(server, {}, `a&token=${guess(1)}`)).toBe("HTTP 429");
  expect((await ask(server, "/queue", { headers: bearer(guess(0)) })).status).toBe(429);
  expect(await socketStatus(server, bearer(token))).toBe("open");
});

test("nor by claiming to come from elsewhere", async () => {
  const { server } = await guarded();
  const counts = await tally(40, async (i) => {
    const headers = {
      ...bearer(guess(i)),
      "x-forwarded-for": `10.0.0.${i}`,
      forwarded: `for=10.0.0.${i}`,
      "x-real-ip": `10.0.0.${i}`,
    };
    return statusOf(await ask(server, "/queue", { headers }));
  });
  expect(counts).toEqual({ 401: 30, 429: 10 });
});

test("what is nearly a token, or enormous, is none", async () => {
  const { server, token } = await guarded();
  const id = token.split("_")[1] as string;
  for (const wrong of [
    token.slice(0, -1),
    `${token}A`,
    token.toUpperCase(),
    `mzt_${id}_${"A".repeat(43)}`,
    `mzt_../${id}_${"A".repeat(43)}`,
    id,
    "x".repeat(8000),
  ])
    expect((await ask(server, "/queue", { headers: bearer(wrong) })).status, wrong.slice(0, 60)).toBe(401);
});

test("a token that was revoked opens nothing", async () => {
  const data = dataFolder();
  const [kept, gone] = [await tokenOf(data), await tokenOf(data)];
  const server = await startServer([], { data });
  expect((await ask(server, "/queue", { headers: bearer(gone.token) })).status).toBe(200);
  await mezzotint(["token", "revoke", gone.id, "--data", data]);
  expect((await ask(server, "/queue", { headers: bearer(gone.token) })).status).toBe(401);
  expect(await socketStatus(server, bearer(gone.token))).toBe("HTTP 401");
  expect((await ask(server, "/queue", { headers: bearer(kept.token) })).status).toBe(200);
});
