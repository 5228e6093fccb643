import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
// The host is a process of the built package.
import {
  add,
  encode,
  Graph,
  graphKey,
  type InferenceHost,
  type InferenceOptions,
  type SessionSpec,
  startInference,
  type Value,
} from "@mezzotint/engine/onnx";
import { afterEach, describe, expect, test, vi } from "vitest";

vi.setConfig({ testTimeout: 30_000 });

const started: InferenceHost[] = [];
const start = (options: InferenceOptions = {}): InferenceHost => {
  const host = startInference({ threads: 1, ...options });
  started.push(host);
  return host;
};
afterEach(async () => {
  await Promise.all(started.splice(0).map((host) => host.close()));
});

/** A session over one input `x` of any length, with a single output `y`. */
function session(name: string, build: (x: Value, graph: Graph) => Value, bytes = 1): SessionSpec & { asked: number } {
  const graph = new Graph();
  graph.output("y", build(graph.input("x", "float32", ["n"]), graph));
  const spec = {
    name,
    key: graphKey(graph, (file) => file),
    bytes,
    asked: 0,
    model: () => {
      spec.asked++;
      return encode(graph);
    },
  };
  return spec;
}
const vector = (...values: number[]) => ({ dims: [values.length], data: Float32Array.from(values) });
const plus = (n: number, bytes?: number) => session(`plus ${n}`, (x) => add(x, n), bytes);

/** Minutes of matrix products, so that whatever ends it is not its own end. */
function endless(): SessionSpec {
  const graph = new Graph();
  let x = graph.input("x", "float32", ["n", "n"]);
  for (let i = 0; i < 2000; i++) x = graph.op("MatMul", [x, x]);
  graph.output("y", x);
  return { name: "an endless session", key: "endless", bytes: 1, model: () => encode(graph) };
}
const square = { dims: [1024, 1024], data: new Float32Array(1024 * 1024) };

/** Starts the endless session; gives its error to come, once it surely runs. */
async function stuck(
  host: InferenceHost,
  signal = new AbortController().signal,
): Promise<{ failed: Promise<unknown> }> {
  const spec = plus(0);
  await host.run(spec, { x: vector(1) });
  const failed = host.run(endless(), { x: square }, { signal }).then(
    () => "it did not fail",
    (error: unknown) => error,
  );
  await sleep(500); // opening the session takes a fraction of this
  return { failed };
}

test("a run computes, and later runs of the session need no model", async () => {
  const host = start();
  const spec = plus(1);
  const first = await host.run(spec, { x: vector(1, 2) });
  expect(first.outputs.y).toEqual(vector(2, 3));
  expect(first.ms).toBeGreaterThan(0);
  expect((await host.run(spec, { x: vector(5) })).outputs.y).toEqual(vector(6));
  expect(spec.asked).toBe(1);
});

test("an empty tensor crosses", async () => {
  const { outputs } = await start().run(plus(1), { x: vector() });
  expect(outputs.y).toEqual(vector());
});

test("errors name the session", async () => {
  const host = start();
  const spec = plus(1);
  await expect(host.run(spec, {})).rejects.toThrow("plus 1: cannot run: input x is not fed");
  await expect(host.run(spec, { z: vector(1) })).rejects.toThrow("it has no input z, only x");
  const wrong = { dims: [1], data: Int32Array.of(1) };
  await expect(host.run(spec, { x: wrong })).rejects.toThrow("input x is int32, it must be float32");
  await expect(host.run(spec, { x: vector(1) }, { keep: ["z"] })).rejects.toThrow("it has no output z to keep");
  const broken = { key: "broken", name: "a broken model", bytes: 1, model: () => Uint8Array.of(1, 2, 3) };
  await expect(host.run(broken, { x: vector(1) })).rejects.toThrow("a broken model: cannot open:");
  expect((await host.run(spec, { x: vector(1) })).outputs.y).toEqual(vector(2));
});

describe("handles", () => {
  test("uploads and kept outputs feed other runs without crossing again", async () => {
    const host = start();
    const x = host.upload(vector(1, 2));
    const { kept, outputs } = await host.run(plus(1), { x }, { keep: ["y"] });
    expect(outputs).toEqual({});
    expect(kept.y?.dims).toEqual([2]);
    expect((await host.run(plus(10), { x: kept.y as never })).outputs.y).toEqual(vector(12, 13));
  });
  test("a released handle is refused", async () => {
    const host = start();
    const x = host.upload(vector(1));
    host.release([x]);
    await expect(host.run(plus(1), { x })).rejects.toThrow("its handle was released");
  });
  test("a run that waits keeps what was released meanwhile", async () => {
    const host = start();
    const x = host.upload(vector(1));
    const results = [host.run(plus(1), { x }), host.run(plus(2), { x })];
    host.release([x]);
    expect((await Promise.all(results)).map(({ outputs }) => outputs.y)).toEqual([vector(2), vector(3)]);
  });
  test("they outlive the host: uploads are sent again, kept outputs computed again", async () => {
    const host = start();
    const { kept } = await host.run(plus(1), { x: host.upload(vector(1)) }, { keep: ["y"] });
    process.kill(host.pid() as number, "SIGKILL");
    while (host.pid() !== undefined) await sleep(5);
    expect((await host.run(plus(10), { x: kept.y as never })).outputs.y).toEqual(vector(12));
  });
});

test("sessions give way to the memory budget, the least recently used first", async () => {
  const host = start({ memoryBudget: 250 });
  const [a, b, c] = [plus(1, 100), plus(2, 100), plus(3, 100)];
  for (const spec of [a, b, a, c, a, b]) await host.run(spec, { x: vector(1) });
  expect([a.asked, b.asked, c.asked]).toEqual([1, 2, 1]);
  await host.unload();
  await host.run(a, { x: vector(1) });
  expect(a.asked).toBe(2);
});

describe("an abort", () => {
  test("before the start rejects at once with its reason, and nothing starts", async () => {
    const host = start();
    await expect(host.run(plus(1), { x: vector(1) }, { signal: AbortSignal.abort("no") })).rejects.toBe("no");
    expect(host.pid()).toBeUndefined();
  });
  test("in the middle of a long run kills the host; other callers' runs go on with a new one", async () => {
    const host = start({ graceMs: 100 });
    const abort = new AbortController();
    const { failed } = await stuck(host, abort.signal);
    const pid = host.pid();
    const other = host.run(plus(1), { x: vector(1) });
    const waiting = new AbortController();
    const never = host.run(plus(2), { x: vector(1) }, { signal: waiting.signal });
    waiting.abort("changed my mind");
    await expect(never).rejects.toBe("changed my mind");
    abort.abort("stop");
    expect(await failed).toBe("stop");
    expect((await other).outputs.y).toEqual(vector(2));
    expect(host.pid()).not.toBe(pid);
  });
});

test("a host that dies gives an error that says what died, how, and the way out", async () => {
  const host = start();
  const { failed } = await stuck(host);
  process.kill(host.pid() as number, "SIGKILL");
  expect(((await failed) as Error).message).toMatch(
    /^an endless session: the inference host died .*SIGKILL.*memory ran out.*budget/,
  );
  expect((await host.run(plus(1), { x: vector(1) })).outputs.y).toEqual(vector(2));
});

test("closing ends the run under way and refuses later ones", async () => {
  const host = start();
  const { failed } = await stuck(host);
  await host.close();
  expect(((await failed) as Error).message).toBe("the inference host was closed");
  await expect(host.run(plus(1), { x: vector(1) })).rejects.toThrow("closed");
});

test.skipIf(process.platform === "win32")("the host ends with its parent, even in the middle of a run", async () => {
  const script = `
    import { Graph, encode, startInference } from ${JSON.stringify(import.meta.resolve("@mezzotint/engine/onnx"))};
    const graph = new Graph();
    let x = graph.input("x", "float32", ["n", "n"]);
    for (let i = 0; i < 2000; i++) x = graph.op("MatMul", [x, x]);
    graph.output("y", x);
    const host = startInference({ threads: 1 });
    void host.run({ key: "k", bytes: 1, model: () => encode(graph) }, { x: { dims: [1024, 1024], data: new Float32Array(2 ** 20) } });
    setTimeout(() => console.log(host.pid()), 700);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  expect(await lives(pid)).toBe(true);
  parent.kill("SIGKILL");
  while (await lives(pid)) await sleep(50);
});

test("an idle host does not keep its parent alive", async () => {
  const script = `
    import { Graph, encode, startInference } from ${JSON.stringify(import.meta.resolve("@mezzotint/engine/onnx"))};
    const graph = new Graph();
    graph.output("y", graph.input("x", "float32", [1]));
    const host = startInference({ threads: 1 });
    await host.run({ key: "k", bytes: 1, model: () => encode(graph) }, { x: { dims: [1], data: Float32Array.of(1) } });
    console.log(host.pid());`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  const [code] = await once(parent, "close");
  expect(code).toBe(0);
  while (await lives(Number(line.toString()))) await sleep(20);
});

/** Whether a process runs; one that only waits to be reaped does not. */
async function lives(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) Z /.test(state);
}
