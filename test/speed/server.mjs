// @ts-check
/** `mezzotint serve` with default options and an empty data directory: how soon, how small, how fast. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { residentMegabytes } from "./processes.mjs";
import { median, percentile, report, skip } from "./report.mjs";

const ROOT = join(import.meta.dirname, "../..");
const STARTS = 5;
const PROMPTS = 500;
const ALONE = 60;
/** Prompts on their way to the server at once, as from a script that sends and does not wait. */
const SENDERS = 16;
const ASKED = 300;

const home = mkdtempSync(join(tmpdir(), "mezzotint-bench-"));
const agent = new Agent({ keepAlive: true });

/** @typedef {Awaited<ReturnType<typeof start>>} Server */

/** Starts a server; `seconds` is from its process's start to its first answer. @param {string} name */
async function start(name) {
  const started = performance.now();
  const command = [join(ROOT, "server/bin/mezzotint.js"), "serve", "--port", "0", "--data", join(home, name)];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  while (!/listens on (http:\S+)\n/.test(said)) said += (await once(child.stdout, "data"))[0];
  const url = /** @type {RegExpExecArray} */ (/listens on (http:\S+)/.exec(said))[1];
  await ask({ url }, "/health");
  const seconds = (performance.now() - started) / 1000;
  const end = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return { url: /** @type {string} */ (url), pid: /** @type {number} */ (child.pid), seconds, end };
}

/** @param {Server} server */
async function ready(server) {
  while ((await ask(server, "/ready")).status !== 200) await sleep(50);
}

/** Its resident memory, its children's included. @param {string} name @param {Server} server @param {number} target */
function memory(name, { pid }, target) {
  const value = residentMegabytes(pid);
  if (value === undefined) skip(`${name}.memory`, "this system does not tell the memory of processes");
  else
    report({ name: `${name}.memory`, value, unit: "MB", target, better: "lower", note: "server and one idle worker" });
}

/** Five nodes, none of which was ever run. @param {number} n */
const trivial = (n) => ({
  1: { class_type: "PrimitiveString", inputs: { value: `prompt ${n}` } },
  2: { class_type: "StringConcatenate", inputs: { string_a: ["1", 0], string_b: "b", delimiter: "" } },
  3: { class_type: "StringConcatenate", inputs: { string_a: ["2", 0], string_b: "c", delimiter: "" } },
  4: { class_type: "StringConcatenate", inputs: { string_a: ["3", 0], string_b: "d", delimiter: "" } },
  5: { class_type: "PreviewAny", inputs: { source: ["4", 0] } },
});

/** @param {Server} server */
async function prompts(server) {
  const client = await follow(server, "bench");
  for (let n = 0; n < 200; n++) await client.run(trivial(n)); // compiles what runs often
  const alone = [];
  for (let n = 0; n < ALONE; n++) {
    const started = performance.now();
    await client.run(trivial(1000 + n));
    alone.push(performance.now() - started);
  }
  report({ name: "server.prompt.alone", value: median(alone), unit: "ms", target: 25, better: "lower" });
  for (const round of [1, 2, 3]) {
    const started = performance.now();
    let next = 0;
    const sender = async () => {
      /** @type {Promise<void>[]} */
      const ends = [];
      while (next < PROMPTS) ends.push((await client.submit(trivial(10_000 * round + next++))).over);
      await Promise.all(ends);
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    report({
      name: "server.prompts",
      value: (PROMPTS * 1000) / (performance.now() - started),
      unit: "a second",
      target: 300,
      better: "higher",
      note: `${PROMPTS} prompts of five nodes, submitted to heard of as done; round ${round}`,
    });
  }
  client.close();
}

/** Follows a client's jobs. @param {Server} server @param {string} client */
async function follow(server, client) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws?clientId=${client}`);
  await once(socket, "open");
  /** @type {Map<string, () => void>} */
  const waiting = new Map();
  socket.on("message", (data, binary) => {
    if (binary) return;
    const { type, data: about } = JSON.parse(String(data));
    if (type === "execution_success") waiting.get(about.prompt_id)?.();
    if (type === "execution_error") throw new Error(`a prompt failed: ${String(data)}`);
  });
  /** @param {object} prompt */
  const submit = async (prompt) => {
    const id = crypto.randomUUID();
    const over = new Promise((resolve) => waiting.set(id, () => resolve(undefined)));
    const { status, text } = await ask(server, "/prompt", { prompt, client_id: client, prompt_id: id });
    if (status !== 200) throw new Error(`POST /prompt: ${status} ${text}`);
    return { over: over.then(() => void waiting.delete(id)) };
  };
  /** @param {object} prompt */
  const run = async (prompt) => (await submit(prompt)).over;
  return { submit, run, close: () => socket.close() };
}

/** @param {Server} server */
async function definitions(server) {
  const took = await times(server, "/object_info", 21);
  report({ name: "server.object-info.first", value: took[0] ?? 0, unit: "ms", better: "lower" });
  report({ name: "server.object-info", value: median(took.slice(1)), unit: "ms", target: 20, better: "lower" });
}

/** @param {Server} server */
async function queueWhileSampling(server) {
  const client = await follow(server, "sampling");
  const workflow = JSON.parse(readFileSync(join(ROOT, "workflows/text-to-image.json"), "utf8"));
  const sampler = Object.values(workflow).find(({ class_type }) => class_type === "KSampler");
  sampler.inputs.steps = 1000;
  let sampling = true;
  const { over } = await client.submit(workflow);
  const ended = over.then(() => {
    sampling = false;
  });
  await sleep(2000); // the model is loaded
  const took = await times(server, "/queue", ASKED, 20);
  const note = sampling ? `p99 of ${ASKED}, one every 20 ms` : "the sampler ended too soon for this figure";
  report({
    name: "server.queue.while-sampling",
    value: percentile(took, 99),
    unit: "ms",
    target: 50,
    better: "lower",
    note,
  });
  await ask(server, "/interrupt", {});
  client.close();
  void ended;
}

/** Milliseconds that each of so many requests took. @param {Server} server @param {string} path @param {number} count @param {number} pause */
async function times(server, path, count, pause = 0) {
  const took = [];
  for (let n = 0; n < count; n++) {
    const started = performance.now();
    await ask(server, path);
    took.push(performance.now() - started);
    await sleep(pause);
  }
  return took;
}

/**
 * Asks, and reads the whole answer. With a body it is a POST.
 * @param {{ url: string }} server @param {string} path @param {object} [body] @returns {Promise<{ status: number | undefined, text: string }>}
 */
function ask({ url }, path, body) {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}${path}`, { agent, method: body ? "POST" : "GET" }, async (answer) => {
      let text = "";
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      resolve({ status: answer.statusCode, text });
    });
    asking.once("error", reject);
    asking.end(body && JSON.stringify(body));
  });
}

try {
  const starts = [];
  for (let round = 0; round < STARTS; round++) {
    const server = await start(`start-${round}`);
    starts.push(server.seconds);
    await server.end();
  }
  report({
    name: "server.start",
    value: median(starts),
    unit: "s",
    target: 1,
    better: "lower",
    note: `process start to the first answer, median of ${STARTS}`,
  });
  const server = await start("load");
  try {
    await ready(server);
    await sleep(3000);
    memory("server.idle", server, 200);
    await prompts(server);
    await definitions(server);
    await queueWhileSampling(server);
  } finally {
    await server.end();
  }
} finally {
  agent.destroy();
  rmSync(home, { recursive: true, force: true, maxRetries: 3 });
}
