import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { spec } from "../jobs/queue.conformance.js";
import { openDatabase } from "./database.js";
import { openStore, type Store, storeOn } from "./open-store.js";
import { MIGRATIONS } from "./schema.js";

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "full-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** Adds jobs, two at a time, until one is refused and some more; which were accepted. */
async function fill({ queue }: Store): Promise<string[]> {
  const kept: string[] = [];
  for (let [i, refused] = [0, 0]; refused < 10; i++) {
    if (i > 5000) throw new Error("the disk is never full");
    const prompt = JSON.stringify({ text: "x".repeat(3000 * (i % 4)) });
    const asked = [spec({ prompt }), spec({ prompt })];
    for (const [index, end] of (await Promise.allSettled(asked.map((one) => queue.add(one)))).entries()) {
      if (end.status === "fulfilled") {
        kept.push(asked[index]!.id);
      } else {
        refused += 1;
        expect(end.reason).toMatchObject({ name: "DatabaseError", diskFull: true });
      }
    }
  }
  return kept;
}

/** What was accepted is there, no more, and all of it can run. */
async function works({ queue, records }: Store, kept: readonly string[]): Promise<void> {
  const late = spec();
  expect((await queue.add(late)).kind).toBe("added");
  const listed = (await records.list({ status: ["queued"] })).map(({ id }) => id);
  expect(listed.toSorted()).toEqual([...kept, late.id].toSorted());
  for (const id of listed) expect((await queue.claim("worker"))?.job.id).toBe(id);
  expect(await queue.claim("worker")).toBeUndefined();
}

test("a full database refuses a job, loses none, and is over when there is room", async () => {
  const database = openDatabase(join(await folder(), "jobs.db"), { migrations: MIGRATIONS });
  const store = await storeOn(database, {});
  const [size] = database.all<{ page_count: number }>("PRAGMA page_count");
  database.script(`PRAGMA max_page_count = ${size!.page_count + 40}`);
  const kept = await fill(store);
  expect(kept.length).toBeGreaterThan(0);
  expect(store.queue.counts()).toEqual({ queued: kept.length, running: 0 });
  database.script("PRAGMA max_page_count = 1000000");
  await works(store, kept);
  await store.close();
});

test("so does a full disk", async ({ skip }) => {
  const disk = await folder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    skip("needs the right to mount a tmpfs");
  }
  onTestFinished(() => void execFileSync("umount", ["--lazy", disk]));
  const ballast = join(disk, "ballast");
  writeFileSync(ballast, Buffer.alloc(12 * 2 ** 20));
  const store = await openStore(disk);
  onTestFinished(() => store.close().catch(() => {}));
  const kept = await fill(store);
  expect(kept.length).toBeGreaterThan(0);
  expect(store.queue.counts()).toEqual({ queued: kept.length, running: 0 });
  await rm(ballast);
  await works(store, kept);
  await store.close();

  const again = await openStore(disk);
  expect(again.recovered).toBe(kept.length + 1);
  await again.close();
});
