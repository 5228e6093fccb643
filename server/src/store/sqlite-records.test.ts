import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { spec } from "../jobs/queue.conformance.js";
import { openStore } from "./open-store.js";

test("ten thousand jobs that are over are remembered; the oldest are forgotten", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "records-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { queue, records, close } = await openStore(folder);
  const add = (from: number, count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => queue.add(spec({ id: `job ${from + i}`, number: from + i }))));
  const over = { status: ["cancelled", "succeeded"] as const };

  await add(0, 10_000);
  expect(await queue.add(spec())).toEqual({ kind: "full", queued: 10_000 });
  expect(await queue.clear()).toHaveLength(10_000);
  expect(await records.count(over)).toBe(10_000);

  await add(10_000, 3);
  for (let i = 0; i < 3; i++) {
    const claim = await queue.claim("worker");
    await queue.finish(claim!, { status: "succeeded", outputs: {}, meta: {}, messages: [] });
  }
  expect(await records.count(over)).toBe(10_000);
  expect(await records.get("job 2")).toBeUndefined();
  expect((await records.list({ ...over, limit: 1 }))[0]?.id).toBe("job 10002");
  expect((await records.list({ ...over, limit: 1, ascending: true }))[0]?.id).toBe("job 3");
  expect(await records.forget(undefined)).toBe(10_000);
  expect(await records.count({})).toBe(0);
  await close();
});
