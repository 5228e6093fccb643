import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { isAlive, moduleWith, newPool, start, until, workerOf } from "../../test/pool.js";

vi.setConfig({ testTimeout: 30_000 });

const save = {
  1: { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  2: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "pool" } },
};
const one = (class_type: string, inputs: Record<string, unknown> = {}) => ({ 1: { class_type, inputs } });

describe("a run", () => {
  test("tells its events in order and writes its picture; the same again is recalled", async () => {
    const { pool, output } = newPool();
    await pool.definitions("default");
    const first = start(pool, save, ["2"]);
    expect(await first.ended).toEqual({ outcome: "succeeded" });
    const told = first.events.map((event) => (event.type === "recalled" ? "recalled" : `${event.type} ${event.node}`));
    expect(told).toEqual(["recalled", "started 1", "finished 1", "started 2", "progress 2", "finished 2"]);
    const images = [{ filename: "pool_00001_.png", subfolder: "", type: "output" }];
    expect(first.events.at(-1)).toMatchObject({ shown: { images } });
    expect(existsSync(join(output, "pool_00001_.png"))).toBe(true);

    const again = start(pool, save, ["2"]);
    expect(await again.ended).toEqual({ outcome: "succeeded" });
    expect(again.events[0]).toEqual({ type: "recalled", nodes: ["1", "2"] });
    expect(again.events[2]).toMatchObject({ type: "cached", shown: { images } });

    pool.freeMemory({ models: true, cache: true });
    const anew = start(pool, save, ["2"]);
    expect(await anew.ended).toEqual({ outcome: "succeeded" });
    expect(anew.events[0]).toEqual({ type: "recalled", nodes: [] });
  });

  test("takes and shows integers of 64 bits", async () => {
    const { pool } = newPool();
    await pool.definitions("default");
    const value = 2n ** 64n - 1n;
    const run = start(pool, one("Echo", { value }), ["1"]);
    await run.ended;
    expect(run.events.at(-1)).toMatchObject({ type: "finished", shown: { value: [value] } });
  });

  test("may show what is no JSON, and tell what is no progress or preview", async () => {
    const { pool } = newPool();
    await pool.definitions("default");
    const run = start(pool, one("Odd"), ["1"]);
    pool.watch(run.id, true);
    expect(await run.ended).toEqual({ outcome: "succeeded" });
    expect(run.events.map(({ type }) => type)).toEqual(["recalled", "started", "finished"]);
    expect(run.events.at(-1)).toMatchObject({ shown: { numbers: [null, "1"], functions: [null] } });
    const deep = start(pool, one("Deep"), ["1"]);
    expect(await deep.ended).toEqual({ outcome: "succeeded" });
    expect(deep.events.at(-1)).toMatchObject({ shown: { warnings: [expect.stringContaining("too deep")] } });
  });

  test("that fails tells what was thrown, and where", async () => {
    const { pool } = newPool();
    await pool.definitions("default");
    expect(await start(pool, one("Throw"), ["1"]).ended).toMatchObject({
      outcome: "failed",
      message: "out of luck",
      type: "RangeError",
      node: "1",
      classType: "Throw",
    });
    expect(await start(pool, one("Checked", { value: 13 }), ["1"]).ended).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("13 is unlucky"),
    });
  });

  test("overlaps with others that wait for the network", async () => {
    const { pool } = newPool();
    await pool.definitions("default");
    const runs = [1, 2].map(() => start(pool, one("Meet", { place: "here", count: 2 }), ["1"]));
    for (const { ended } of runs) expect(await ended).toEqual({ outcome: "succeeded" });
  });

  test("sends previews while somebody watches", async () => {
    const { pool } = newPool();
    await pool.definitions("default");
    const run = start(pool, one("Paint"), ["1"]);
    await run.first("progress");
    expect(run.events.map(({ type }) => type)).not.toContain("preview");
    pool.watch(run.id, true);
    expect(await run.first("preview")).toMatchObject({
      preview: { mime: "image/png", bytes: { 0: 7, length: 2 } },
    });
    pool.watch(run.id, false);
    expect(await run.ended).toEqual({ outcome: "succeeded" });
  });
});

describe("definitions and checks", () => {
  test("choices are asked anew when that is wanted", async () => {
    const base = newPool();
    const choices = async (fresh: boolean) =>
      (await base.pool.definitions("default", fresh)).get("LoadImage")?.inputs.image?.choices;
    expect(await choices(false)).toEqual([]);
    mkdirSync(join(dirname(base.output), "input"));
    writeFileSync(join(dirname(base.output), "input", "new.png"), "");
    expect(await choices(false)).toEqual([]);
    expect(await choices(true)).toEqual(["new.png"]);
  });

  test("checks by code answer with what is wrong, and what can run in spite of it", async () => {
    const { pool } = newPool();
    const definitions = await pool.definitions("default");
    expect(definitions.get("Checked")?.checked).toBe(true);
    const both = {
      a: { class_type: "Checked", inputs: { value: 13 } },
      b: { class_type: "Checked", inputs: { value: 1 } },
    };
    expect(await pool.check("default", JSON.stringify(both), ["b"])).toBeUndefined();
    const partly = await pool.check("default", JSON.stringify(both));
    expect(partly).toMatchObject({ targets: ["b"], node_errors: { a: { class_type: "Checked" } } });
    expect(partly).not.toHaveProperty("error");
    expect(await pool.check("default", JSON.stringify(both), ["a"])).toMatchObject({
      error: { type: "prompt_outputs_failed_validation" },
      targets: [],
    });
  });

  test("a pack that throws while it is loaded is named to whoever waits", async () => {
    const pack = moduleWith('throw new Error("no luck today");');
    const { pool, log } = newPool({ localPacks: [pack] });
    await expect(pool.definitions("default")).rejects.toThrow(`${pack} (${pack}) cannot be loaded: no luck today`);
    await expect(pool.definitions("default")).rejects.toThrow("no luck today");
    expect(pool.free()).toBeUndefined();
    expect(log.filter((line) => line.includes("no luck today")).length).toBeGreaterThanOrEqual(3);
  });
});

describe("cancelling", () => {
  test("a job that waits ends, and its neighbour goes on", async () => {
    const { pool } = newPool();
    const pid = await workerOf(pool);
    const [doomed, neighbour] = [1, 2].map(() => start(pool, one("Meet", { place: "never", count: 3 }), ["1"]));
    await neighbour!.first("started");
    pool.cancel(doomed!.id);
    expect(await doomed!.ended).toEqual({ outcome: "interrupted" });
    const third = start(pool, one("Meet", { place: "never", count: 3 }), ["1"]);
    expect(await third.ended).toEqual({ outcome: "succeeded" });
    expect(await neighbour!.ended).toEqual({ outcome: "succeeded" });
    expect(pool.workers()[0]?.pid).toBe(pid);
  });

  test("a job that hangs takes its worker along; bystanders are lost without blame, and another worker takes over", async () => {
    const { pool } = newPool();
    const pid = await workerOf(pool);
    const bystander = start(pool, one("Meet", { place: "alone", count: 2 }), ["1"]);
    const hanging = start(pool, one("Spin", { milliseconds: 60_000 }), ["1"]);
    await hanging.first("progress");
    pool.cancel(hanging.id);
    expect(await hanging.ended).toEqual({ outcome: "interrupted" });
    expect(await bystander.ended).toMatchObject({ outcome: "lost", alone: false });
    expect(isAlive(pid)).toBe(false);
    expect(await workerOf(pool)).not.toBe(pid);
    expect(await start(pool, save, ["2"]).ended).toEqual({ outcome: "succeeded" });
  });
});

describe("death", () => {
  test("a killed worker loses its job, which was alone; the next job runs in another", async () => {
    const { pool } = newPool();
    const pid = await workerOf(pool);
    const run = start(pool, one("Spin", { milliseconds: 60_000 }), ["1"]);
    await run.first("progress");
    process.kill(pid, "SIGKILL");
    expect(await run.ended).toEqual({ outcome: "lost", alone: true, reason: "the worker died (signal SIGKILL)" });
    await workerOf(pool);
    expect(await start(pool, save, ["2"]).ended).toEqual({ outcome: "succeeded" });
  });

  test("the last words of a worker are the reason", async () => {
    const { pool } = newPool();
    await pool.definitions("default");
    const bystander = start(pool, one("Meet", { place: "grave", count: 2 }), ["1"]);
    await bystander.first("started");
    const run = start(pool, one("Die", { words: "farewell" }), ["1"]);
    const reason = "the worker died (exit code 7; its last words: farewell)";
    expect(await run.ended).toEqual({ outcome: "lost", alone: false, reason });
    expect(await bystander.ended).toEqual({ outcome: "lost", alone: false, reason });
  });

  test("a rejection that a pack forgot harms nobody; what it throws into the blue ends the worker, and says why", async () => {
    const { pool, log } = newPool();
    await pool.definitions("default");
    expect(await start(pool, one("Stray", { rejects: true }), ["1"]).ended).toEqual({ outcome: "succeeded" });
    expect(log.join()).toContain("gone astray");
    expect(await start(pool, one("Stray", { rejects: false }), ["1"]).ended).toMatchObject({
      outcome: "lost",
      reason: expect.stringContaining("an error that nobody caught: gone astray"),
    });
  });

  test("a worker that talks nonsense is killed", async () => {
    const { pool } = newPool();
    const pid = await workerOf(pool);
    const run = start(pool, one("Garble"), ["1"]);
    expect(await run.ended).toMatchObject({
      outcome: "lost",
      alone: true,
      reason: expect.stringContaining("makes no sense"),
    });
    expect(isAlive(pid)).toBe(false);
  });

  test("closing waits for jobs until the limit, then takes them back; nothing is left", async () => {
    const { pool } = newPool();
    const pid = await workerOf(pool);
    const slow = start(pool, one("Meet", { place: "closing", count: 2 }), ["1"]);
    const quick = start(pool, one("Spin", { milliseconds: 100 }), ["1"]);
    await quick.first("progress");
    const closed = pool.close(1500);
    expect(pool.free()).toBeUndefined();
    expect(await quick.ended).toEqual({ outcome: "succeeded" });
    expect(await slow.ended).toMatchObject({ outcome: "lost", alone: false });
    await closed;
    await until(() => !isAlive(pid));
    await expect(pool.definitions("default")).resolves.toBeDefined();
  });
});
