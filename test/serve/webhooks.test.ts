import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { ask, dataFolder, entryOf, showText, startServer, submit, type TestServer, testPack, until } from "./server.js";

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly json: any;
}

/** Something that is told of ends; it answers with the statuses given, the last one again and again. */
async function receiver(statuses: readonly number[] = [204], port = 0, headers: Record<string, string> = {}) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk;
    });
    request.on("end", () => {
      heard.push({ headers: request.headers, text, json: JSON.parse(text) });
      response.writeHead(statuses[Math.min(heard.length, statuses.length) - 1]!, headers).end();
    });
  });
  await new Promise<void>((ready) => server.listen(port, "127.0.0.1", ready));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  const { port: bound } = server.address() as AddressInfo;
  const times = (count: number) =>
    until(
      async () => heard,
      () => heard.length >= count,
    );
  return { url: `http://127.0.0.1:${bound}/hook`, port: bound, heard, times, close };
}

const open = ["--allow-private-urls"];
const job = (webhook: unknown, workflow: object = showText("a")) => ({ body: { workflow, webhook } });
const stateOf = async (server: TestServer, id: string) => (await ask(server, `/api/v2/jobs/${id}`)).json.webhooks;
const settled = (server: TestServer, id: string) =>
  until(
    () => stateOf(server, id),
    (all) =>
      all.length > 0 && all.every(({ state }: { state: string }) => state === "delivered" || state === "given_up"),
  );

/** What Standard Webhooks says that a receiver checks. */
const isSigned = ({ headers, text }: Heard, key: string | Buffer): boolean => {
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
  return headers["webhook-signature"] === `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
};

describe("a webhook", () => {
  test("is told the job when it is over, signed, and the secret is nowhere else", async () => {
    const server = await startServer(open);
    const told = await receiver();
    const secret = "sesame-and-lilies";
    const { status, json, text } = await ask(server, "/api/v2/jobs", job({ url: told.url, secret }));
    expect(status, text).toBe(201);
    const [heard] = await told.times(1);
    expect(isSigned(heard!, secret)).toBe(true);
    expect(Math.abs(Number(heard!.headers["webhook-timestamp"]) - Date.now() / 1000)).toBeLessThan(60);
    expect(heard!.headers).toMatchObject({ "webhook-id": `msg_${json.id}`, "content-type": "application/json" });
    expect(await settled(server, json.id)).toMatchObject([
      { url: told.url, owner: "job", state: "delivered", tries: 1, last_status: 204, reason: null },
    ]);
    const { webhooks: _, ...now } = (await ask(server, `/api/v2/jobs/${json.id}`)).json;
    expect(heard!.json).toEqual({ type: "job.succeeded", timestamp: now.completed_at, data: now });
    expect(now.outputs[0].url.startsWith(server.url)).toBe(true);
    const places = ["/history", "/queue", `/api/jobs/${json.id}`, `/api/v2/jobs/${json.id}`, "/internal/logs"];
    for (const path of places) expect((await ask(server, path)).text, path).not.toContain("sesame");
    expect(server.said() + heard!.text).not.toContain("sesame");
  });

  test("of ComfyUI's own route stands in extra_data, and is in no history", async () => {
    const server = await startServer(open);
    const told = await receiver();
    const key = Buffer.from("a key of 24 bytes or so.");
    const webhook = { url: `${told.url}?token=lilies`, secret: `whsec_${key.toString("base64")}` };
    const id = await submit(server, showText("a"), { extra_data: { webhook, note: "kept" } });
    const [heard] = await told.times(1);
    expect(isSigned(heard!, key)).toBe(true);
    const entry = JSON.stringify(await entryOf(server, id));
    expect(entry).toContain("kept");
    expect(entry).not.toMatch(/lilies|whsec|hook/);
  });

  test("that fails is told again, as the same message, until it takes it", async () => {
    const server = await startServer(open);
    const told = await receiver([500, 503, 200]);
    const { json } = await ask(server, "/api/v2/jobs", job(told.url));
    const heard = await told.times(3);
    expect(new Set(heard.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([`msg_${json.id}`]));
    expect(new Set(heard.map(({ text }) => text)).size).toBe(1);
    expect(await settled(server, json.id)).toMatchObject([{ state: "delivered", tries: 3, last_status: 200 }]);
  });

  test("that nobody answers is told after a kill -9 of the server", async () => {
    const data = dataFolder();
    const first = await startServer(open, { data });
    const dead = await receiver();
    dead.close();
    const { json } = await ask(first, "/api/v2/jobs", job({ url: dead.url, secret: "kept secret" }));
    await until(
      () => stateOf(first, json.id),
      ([{ state, tries }]) => state === "due" && tries > 0,
    );
    await first.end("SIGKILL");
    const alive = await receiver([200], dead.port);
    const second = await startServer(open, { data });
    const [heard] = await alive.times(1);
    expect(isSigned(heard!, "kept secret")).toBe(true);
    expect(heard!.json).toMatchObject({ type: "job.succeeded", data: { id: json.id } });
    expect(await settled(second, json.id)).toMatchObject([{ state: "delivered" }]);
  });

  test("hears of jobs that fail, and of those that are cancelled one by one and all at once", async () => {
    const server = await startServer([...open, ...testPack]);
    const told = await receiver();
    const send = async (workflow: object) =>
      (await ask(server, "/api/v2/jobs", job(told.url, workflow))).json.id as string;
    const failing = await send({ 1: { class_type: "Fail", inputs: {} } });
    await told.times(1);
    const running = await send({ 1: { class_type: "Spin", inputs: {} } });
    const [one, many] = [await send(showText("b")), await send(showText("c"))];
    await ask(server, `/api/v2/jobs/${one}/cancel`, { method: "POST" });
    await ask(server, "/queue", { body: { clear: true } });
    await ask(server, "/interrupt", { method: "POST" });
    const heard = await told.times(4);
    const ends = Object.fromEntries(heard.map(({ json }) => [json.data.id, json.type]));
    expect(ends).toEqual({
      [failing]: "job.failed",
      [running]: "job.canceled",
      [one]: "job.canceled",
      [many]: "job.canceled",
    });
  });

  test("that wants no more, or leads elsewhere, is left", async () => {
    const server = await startServer(open);
    const gone = await receiver([410]);
    const { json } = await ask(server, "/api/v2/jobs", job(gone.url));
    expect(await settled(server, json.id)).toMatchObject([{ state: "given_up", tries: 1, last_status: 410 }]);
    const inside = await receiver();
    const away = await receiver([302], 0, { location: inside.url });
    const { json: other } = await ask(server, "/api/v2/jobs", job(away.url));
    await away.times(1);
    const [state] = await until(
      () => stateOf(server, other.id),
      ([{ tries }]) => tries > 0,
    );
    expect(state).toMatchObject({ state: "due", last_status: 302, reason: "redirects are not followed" });
    expect(inside.heard).toEqual([]);
  });

  test("of the operator hears of every job, with the operator's secret", async () => {
    const told = await receiver();
    const env = { MEZZOTINT_WEBHOOK_SECRET: "operator's own" };
    const server = await startServer([...open, "--webhook", told.url], { env });
    const id = await submit(server, showText("a"));
    const own = await receiver();
    const { json } = await ask(server, "/api/v2/jobs", job(own.url));
    const heard = await told.times(2);
    expect(heard.map((one) => one.json.data.id).sort()).toEqual([id, json.id].sort());
    const shown = (await stateOf(server, json.id)) as { owner: string; url: string | null }[];
    expect(shown.map(({ owner, url }) => [owner, url])).toEqual([
      ["job", own.url],
      ["server", null],
    ]);
    expect([...heard, ...(await own.times(1))].every((one) => isSigned(one, "operator's own"))).toBe(true);
  });
});
