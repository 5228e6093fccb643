import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type Database, openDatabase } from "./database.js";
import { openStore } from "./open-store.js";
import { MIGRATIONS } from "./schema.js";

/** What the process says it was promised: a line is written when the promise is kept, so it may have done more. */
interface Said {
  readonly added: Set<string>;
  readonly claimed: string[];
  readonly finished: Map<string, number>;
}

/** Three loops that add, and two that claim and then finish, give back, or show; what each was told goes to stdout. */
const program = (data: string): string => `
  import { randomInt, randomUUID } from "node:crypto";
  import { writeSync } from "node:fs";
  import { openStore } from ${JSON.stringify(new URL("../../dist/store/open-store.js", import.meta.url).href)};
  const { queue } = await openStore(${JSON.stringify(data)});
  const say = (...words) => writeSync(1, words.join(" ") + "\\n");
  say("open");
  const add = async () => {
    for (;;) {
      const id = randomUUID();
      const prompt = JSON.stringify({ text: "x".repeat(randomInt(20_000)) });
      const number = await queue.nextNumber(randomInt(4) === 0);
      const added = await queue.add({ id, user: "user " + randomInt(3), prompt, extra: "{}", targets: ["1"], number });
      if (added.kind === "added") say("added", id);
    }
  };
  const work = async (worker) => {
    for (;;) {
      const claim = await queue.claim(worker);
      if (!claim) continue;
      say("claimed", claim.job.id, claim.attempt);
      await queue.shown(claim, "1", { text: [worker] });
      if (randomInt(5) === 0) await queue.requeue(claim, "a whim", "lost");
      else if (await queue.finish(claim, { status: "succeeded", outputs: {}, meta: {}, messages: [] })) say("finished", claim.job.id, claim.attempt);
    }
  };
  add(); add(); add(); work("one"); work("two");`;

test("killed at twenty moments: no accepted job is lost, none ends twice, and all is consistent", {
  timeout: 120_000,
}, async () => {
  const data = await mkdtemp(join(tmpdir(), "kill-"));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const said: Said = { added: new Set(), claimed: [], finished: new Map() };
  for (let round = 0; round < 20; round++) {
    await runUntilKilled(data, said);
    const store = await openStore(data, { maxQueued: 1 });
    const database = openDatabase(join(data, "jobs.db"), { migrations: MIGRATIONS });
    expect(store.queue.counts()).toEqual({ queued: await store.records.count({ status: ["queued"] }), running: 0 });
    checkTables(database);
    checkPromises(database, said);
    database.close();
    await store.close();
  }
  expect(said.added.size).toBeGreaterThan(100);
  expect(said.finished.size).toBeGreaterThan(20);
});

async function runUntilKilled(data: string, said: Said): Promise<void> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program(data)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const closed = once(child, "close");
  while (!text.startsWith("open\n")) await Promise.race([once(child.stdout, "data"), closed]);
  await sleep(Math.random() * 150);
  child.kill("SIGKILL");
  await closed;
  for (const line of text.split("\n")) {
    const [word, id = "", attempt] = line.split(" ");
    if (word === "added") said.added.add(id);
    if (word === "claimed") said.claimed.push(`${id} ${attempt}`);
    if (word === "finished") {
      expect(said.finished.has(id)).toBe(false);
      said.finished.set(id, Number(attempt));
    }
  }
}

/** Every promise was kept: what was added is there, what was finished is finished by that try, and each try began once. */
function checkPromises(database: Database, said: Said): void {
  const jobs = new Map(
    database
      .all<{ id: string; status: string; attempt: number }>("SELECT id, status, attempt FROM jobs")
      .map((job) => [job.id, job]),
  );
  expect([...said.added].filter((id) => !jobs.has(id))).toEqual([]);
  for (const [id, attempt] of said.finished) expect(jobs.get(id)).toEqual({ id, status: "succeeded", attempt });
  expect(new Set(said.claimed).size).toBe(said.claimed.length);
}

/** The tables agree with each other. */
function checkTables(database: Database): void {
  expect(database.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  expect(database.all("PRAGMA foreign_key_check")).toEqual([]);
  const none = (condition: string): void => expect(database.all(`SELECT id FROM jobs WHERE ${condition}`)).toEqual([]);
  const tries = (condition: string): string =>
    `(SELECT count(*) FROM attempts WHERE attempts.seq = jobs.seq AND ${condition})`;
  none("status = 'running'");
  none("NOT EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = jobs.seq)");
  none(`attempt <> ${tries("TRUE")}`);
  none(tries("outcome IS NULL"));
  none(`status = 'succeeded' AND ${tries("outcome = 'succeeded'")} <> 1`);
  none(`status <> 'succeeded' AND ${tries("outcome = 'succeeded'")} <> 0`);
  none("EXISTS (SELECT 1 FROM shown WHERE shown.seq = jobs.seq)");
}
