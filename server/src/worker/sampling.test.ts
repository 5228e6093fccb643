import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Pool } from "../../dist/worker/pool-interface.js";
import { childrenOf, isAlive, newPool, type Run, start, until, workerOf } from "../../test/pool.js";

vi.setConfig({ testTimeout: 60_000 });

/** The built-in model makes a picture of 128 × 128. */
const picture = (steps: number, seed = 4) => ({
  1: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "mezzotint-emoji" } },
  2: { class_type: "CLIPTextEncode", inputs: { text: "butterfly", clip: ["1", 1] } },
  4: { class_type: "EmptyLatentImage", inputs: { width: 128, height: 128, batch_size: 1 } },
  5: {
    class_type: "KSampler",
    inputs: {
      model: ["1", 0],
      seed,
      steps,
      cfg: 1,
      sampler_name: "euler",
      scheduler: "normal",
      positive: ["2", 0],
      negative: ["2", 0],
      latent_image: ["4", 0],
      denoise: 1,
    },
  },
  6: { class_type: "VAEDecode", inputs: { samples: ["5", 0], vae: ["1", 2] } },
  7: { class_type: "PreviewImage", inputs: { images: ["6", 0] } },
});

test("a picture is sampled; one that is cancelled in the middle ends, and the worker goes on", async () => {
  const { pool } = newPool();
  const pid = await workerOf(pool);
  // The host is not started before it is needed.
  expect(pool.host()).toBeUndefined();
  expect(await start(pool, picture(2), ["7"]).ended).toEqual({ outcome: "succeeded" });
  expect(pool.host()).toBeDefined();

  const endless = start(pool, picture(9999, 5), ["7"]);
  await sampling(endless);
  pool.cancel(endless.id);
  expect(await endless.ended).toEqual({ outcome: "interrupted" });
  expect(await start(pool, picture(2, 6), ["7"]).ended).toEqual({ outcome: "succeeded" });
  expect(pool.workers()[0]?.pid).toBe(pid);
});

test("when the inference host is killed its job fails with the reason, and the next has a new host", async () => {
  const { pool } = newPool();
  const pid = await workerOf(pool);
  const run = start(pool, picture(9999), ["7"]);
  await sampling(run);
  const host = pool.host()!;
  process.kill(host, "SIGKILL");
  // Between two steps nothing is lost with it, and the job would go on in the next one.
  const killer = setInterval(() => {
    const next = pool.host();
    if (next !== undefined) process.kill(next, "SIGKILL");
  }, 300);
  const ended = await run.ended;
  clearInterval(killer);
  expect(ended).toMatchObject({
    outcome: "failed",
    hostDied: true,
    node: "5",
    classType: "KSampler",
    message: expect.stringMatching(/inference host died.*SIGKILL/),
  });
  expect(await start(pool, picture(2), ["7"]).ended).toEqual({ outcome: "succeeded" });
  expect(pool.workers()[0]?.pid).toBe(pid);
  expect(pool.host()).not.toBe(host);
});

describe("two workers", () => {
  test("share a host, and make the pictures that one makes", async () => {
    const alone = newPool();
    await workerOf(alone.pool);
    const seeds = [1, 2, 3];
    const wanted: Buffer[] = [];
    for (const seed of seeds) wanted.push(await pictureOf(start(alone.pool, picture(3, seed), ["7"]), alone.temp));

    const { pool, temp } = newPool({ workers: 2, jobsPerWorker: 1 });
    await bothReady(pool);
    // One of them twice, at once: they share its session too.
    const runs = [seeds[0]!, seeds[1]!].map((seed) => start(pool, picture(3, seed), ["7"]));
    expect(new Set(pool.workers().map(({ jobs }) => jobs))).toEqual(new Set([1]));
    const made = await Promise.all(runs.map((run) => pictureOf(run, temp)));
    made.push(await pictureOf(start(pool, picture(3, seeds[2]), ["7"]), temp));
    expect(made.map((bytes, i) => bytes.equals(wanted[i]!))).toEqual([true, true, true]);
    // Nobody has a host of its own.
    for (const { pid } of pool.workers()) expect(childrenOf(pid!)).toEqual([]);
  });

  test("do not wait for each other where no model runs", async () => {
    const { pool } = newPool({ workers: 2, jobsPerWorker: 1 });
    await bothReady(pool);
    const endless = start(pool, picture(9999), ["7"]);
    await sampling(endless);
    const meeting = start(pool, { 1: { class_type: "Meet", inputs: { place: "idle", count: 1 } } }, ["1"]);
    expect(await meeting.ended).toEqual({ outcome: "succeeded" });
    pool.cancel(endless.id);
    expect(await endless.ended).toEqual({ outcome: "interrupted" });
  });

  test("a killed worker leaves host and neighbour; its run ends, and the other's goes on", async () => {
    const { pool } = newPool({ workers: 2, jobsPerWorker: 1 });
    await bothReady(pool);
    const doomed = start(pool, picture(9999), ["7"]);
    const holder = pool.workers().find(({ jobs }) => jobs === 1)!;
    await sampling(doomed);
    const other = start(pool, picture(20, 7), ["7"]);
    await sampling(other);
    process.kill(holder.pid!, "SIGKILL");
    expect(await doomed.ended).toMatchObject({ outcome: "lost", alone: true });
    expect(await other.ended).toEqual({ outcome: "succeeded" });
    expect(pool.host()).toBeDefined();
  });

  test("memory is freed whichever worker has used it, and the next run loads again", async () => {
    const { pool, log } = newPool({ workers: 2, jobsPerWorker: 1 });
    await bothReady(pool);
    expect(await start(pool, picture(2), ["7"]).ended).toEqual({ outcome: "succeeded" });
    const loads = () => log.filter((line) => /sessions hold/.test(line) && !/died/.test(line)).length;
    const old = pool.workers().map(({ pid }) => pid);
    for (const pid of old) process.kill(pid!, "SIGKILL");
    await until(() => pool.workers().every(({ pid }) => !old.includes(pid)));
    await bothReady(pool);
    const before = loads();
    expect(before).toBeGreaterThan(0);
    pool.freeMemory({ models: true, cache: true });
    expect(await start(pool, picture(2), ["7"]).ended).toEqual({ outcome: "succeeded" });
    await until(() => loads() === 2 * before);
  });
});

test("a pool that is closed leaves no host, and no socket", async () => {
  const { pool } = newPool();
  await workerOf(pool);
  const sockets = () =>
    readdirSync(tmpdir()).filter(
      (name) => /^mezzotint-.{6}$/.test(name) && existsSync(join(tmpdir(), name, "host.sock")),
    );
  const before = sockets();
  expect(await start(pool, picture(2), ["7"]).ended).toEqual({ outcome: "succeeded" });
  const host = pool.host()!;
  const [folder] = sockets().filter((name) => !before.includes(name));
  expect(statSync(join(tmpdir(), folder!)).mode & 0o777).toBe(0o700);
  await pool.close(0);
  expect(isAlive(host)).toBe(false);
  await until(() => !existsSync(join(tmpdir(), folder!)));
});

/** Waits until a picture is being sampled. */
const sampling = (run: Run) => until(() => run.events.filter(({ type }) => type === "progress").length > 2);

/** Waits until both workers of a pool can work. */
const bothReady = (pool: Pool) => until(() => pool.workers().every(({ ready }) => ready));

/** The file that a run has made. */
async function pictureOf(run: Run, temp: string): Promise<Buffer> {
  expect(await run.ended).toEqual({ outcome: "succeeded" });
  const last = run.events.at(-1) as { shown?: { images?: { filename: string }[] } };
  return readFileSync(join(temp, last.shown!.images![0]!.filename));
}
