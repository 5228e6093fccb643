import { readdirSync, readFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../command.js";
import { ask, showText, startServer, submit, testPack, until } from "../serve/server.js";
import { grownPrompt, grownWorkflow } from "./grown.js";
import { hostileKey, hostileValue, toText } from "./hostile.js";
import { saved, wait } from "./load.js";
import { spoil, spoilBytes, structuredCloneOf } from "./mutate.js";
import { type Case, sendAll } from "./post.js";
import { hasProc, memoryOf, workersOf } from "./processes.js";
import { type Random, random, seed, whole } from "./random.js";

const PROMPTS = whole ? 10_000 : 1500;
const AT_ONCE = 4;
/** MiB that the server may hold beyond what it held before: bodies of several requests, parsed. */
const GROWTH = 400;

const read = (folder: string): object[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(root, folder, name), "utf8")));

const PROMPT_BASES = [...read("workflows"), ...read("test/reference/workflows"), saved(8, 255), showText("a")];
const SAVED_BASES = read("workflows/saved");

const FIELDS = ["client_id", "prompt_id", "number", "front", "extra_data", "partial_execution_targets"];
const V2_FIELDS = ["client_id", "number", "front", "extra_data", "webhook", "webhook_url"];

/** The request of a number; the same each time. */
function caseOf(index: number, classes: readonly string[]): Case {
  const chance = random(seed + index);
  const { pick, below, chance: happens } = chance;
  const isSaved = happens(0.3);
  const graph = happens(0.06)
    ? isSaved
      ? grownWorkflow(chance)
      : grownPrompt(chance)
    : structuredCloneOf(pick(isSaved ? SAVED_BASES : PROMPT_BASES));
  for (let i = below(4); i >= 0; i--) spoil(graph, classes, chance);
  const path = pick(["/prompt", "/api/prompt", "/api/v2/jobs"]);
  const isV2 = path.includes("v2");
  const name = isV2 ? "workflow" : isSaved ? pick(["workflow", "workflow", "prompt"]) : "prompt";
  const body: Record<string, unknown> = { [name]: graph };
  if (happens(0.2)) {
    const field = pick(isV2 ? V2_FIELDS : FIELDS);
    body[field] = hostileValue(chance);
  }
  if (happens(0.05)) body[hostileKey(chance)] = hostileValue(chance);
  let bytes: Buffer = Buffer.from(toText(happens(0.02) ? hostileValue(chance) : body));
  if (happens(0.1)) bytes = spoilBytes(bytes, chance);
  return { path, body: bytes, headers: headersOf(chance) };
}

function headersOf({ chance, pick }: Random): Case["headers"] {
  if (chance(0.95)) return { "content-type": "application/json" };
  return pick<Case["headers"]>([
    { "content-type": "application/json; charset=utf-16" },
    { "content-type": "application/json; charset=nobody" },
    { "content-type": "multipart/form-data" },
    { "content-encoding": "gzip" },
    { "content-encoding": "br" },
    { "content-encoding": "nobody" },
    { "idempotency-key": "x".repeat(300) },
    { "idempotency-key": "__proto__" },
    { expect: "100-continue" },
  ]);
}

test(`${PROMPTS} fuzzed prompts are taken or refused with a reason, and the server goes on`, async () => {
  const server = await startServer([...testPack, "--jobs", "1"]);
  // What is accepted waits behind this one: here it is the server that is attacked.
  const blocker = await submit(server, wait(3_600_000));
  const classes = Object.keys((await ask(server, "/object_info")).json);
  const [before, worker] = hasProc ? [memoryOf(server.pid), workersOf(server.pid)] : [];
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const statuses = await sendAll(
    server,
    agent,
    PROMPTS,
    (index) => caseOf(index, classes),
    async (index) => {
      if (index % 500 === 499) await ask(server, "/queue", { body: { clear: true } });
    },
  );
  agent.destroy();
  expect((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0)).toBeGreaterThan(PROMPTS / 50);
  expect(statuses.get(400)).toBeGreaterThan(PROMPTS / 4);

  // Nothing died on the way, and nobody's memory grew without end.
  if (before && worker) {
    expect(workersOf(server.pid)).toEqual(worker);
    const { now, most } = memoryOf(server.pid);
    console.log(
      `faults: the server held ${before.now.toFixed()} MiB before, ${now.toFixed()} after, ${most.toFixed()} at most`,
    );
    expect(most - before.now).toBeLessThan(GROWTH);
  }
  expect((await ask(server, "/ready")).json.ready).toBe(true);
  expect((await ask(server, `/api/jobs/${blocker}`)).json.status).toBe("in_progress");
  await ask(server, "/queue", { body: { clear: true } });
  await ask(server, "/interrupt", { method: "POST" });
  const id = await submit(server, showText("after"));
  await until(
    () => ask(server, `/api/jobs/${id}`),
    ({ json }) => json.status === "completed",
  );
});

/** Bodies that cost the server more than they cost who sends them. */
const COSTLY: readonly (readonly [what: string, value: string, type: string])[] = [
  ["twenty million objects", `[${"{},".repeat(20e6)}{}]`, "invalid_json"],
  ["thirty million numbers", `[${"0,".repeat(30e6)}0]`, "invalid_json"],
  ["three million 64-bit numbers", `[${"1234567890123456789,".repeat(3e6)}0]`, "invalid_json"],
];

test("a body that holds millions of values is refused before it takes memory", async () => {
  const server = await startServer();
  const before = hasProc ? memoryOf(server.pid) : undefined;
  for (const [what, value, type] of COSTLY) {
    const body = `{"prompt":{"1":{"class_type":"PreviewAny","inputs":{"source":${value}}}}}`;
    const { status, json } = await ask(server, "/prompt", { body });
    expect([status, json.error.type], what).toEqual([400, type]);
  }
  const nodes = Object.fromEntries(
    Array.from({ length: 30_000 }, (_, i) => [i, { class_type: "PreviewAny", inputs: {} }]),
  );
  const { status, json } = await ask(server, "/prompt", { body: { prompt: nodes } });
  expect([status, json.error.type]).toEqual([400, "prompt_too_large"]);
  if (before) expect(memoryOf(server.pid).most - before.now).toBeLessThan(GROWTH);
});
