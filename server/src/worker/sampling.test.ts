import { expect, test, vi } from "vitest";
import { childrenOf, isAlive, newPool, start, until, workerOf } from "../../test/pool.js";

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
  expect(childrenOf(pid)).toEqual([]);
  expect(await start(pool, picture(2), ["7"]).ended).toEqual({ outcome: "succeeded" });
  expect(childrenOf(pid)).toHaveLength(1);

  const endless = start(pool, picture(9999, 5), ["7"]);
  await until(() => endless.events.filter(({ type }) => type === "progress").length > 2);
  pool.cancel(endless.id);
  expect(await endless.ended).toEqual({ outcome: "interrupted" });
  expect(await start(pool, picture(2, 6), ["7"]).ended).toEqual({ outcome: "succeeded" });
  expect(pool.workers()[0]?.pid).toBe(pid);
});

test("when the inference host is killed its job fails with the reason, and the next has a new host", async () => {
  const { pool } = newPool();
  const pid = await workerOf(pool);
  const run = start(pool, picture(9999), ["7"]);
  await until(() => run.events.filter(({ type }) => type === "progress").length > 2);
  const [host] = childrenOf(pid);
  process.kill(host!, "SIGKILL");
  expect(await run.ended).toMatchObject({
    outcome: "failed",
    hostDied: true,
    node: "5",
    classType: "KSampler",
    message: expect.stringMatching(/inference host died.*SIGKILL/),
  });
  expect(await start(pool, picture(2), ["7"]).ended).toEqual({ outcome: "succeeded" });
  expect(pool.workers()[0]?.pid).toBe(pid);
});

test("a killed worker takes its inference host along", async () => {
  const { pool } = newPool();
  const pid = await workerOf(pool);
  const run = start(pool, picture(9999), ["7"]);
  await until(() => run.events.filter(({ type }) => type === "progress").length > 2);
  const [host] = childrenOf(pid);
  process.kill(pid, "SIGKILL");
  expect(await run.ended).toMatchObject({ outcome: "lost", alone: true });
  await until(() => !isAlive(host!));
});
