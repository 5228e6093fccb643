import { randomInt, randomUUID } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import type { JobSpec, Outcome } from "./job.js";
import type { Claim, Queue, Records } from "./queue.js";

/** A queue to be tested. */
export interface Opened {
  readonly queue: Queue;
  readonly records: Records;
  readonly close: () => Promise<void>;
}

/** What the suite needs: an empty place, and to open a queue on it, again and again. */
export interface Place {
  readonly open: (limits?: { readonly maxQueued?: number; readonly maxQueuedBytes?: number }) => Promise<Opened>;
}

const done: Outcome = { status: "succeeded", outputs: {}, meta: {}, messages: [] };

/** A job as clients ask for it. */
export const spec = (wanted: Partial<JobSpec> = {}): JobSpec => ({
  id: randomUUID(),
  user: "default",
  prompt: '{"1":{"class_type":"SaveImage","inputs":{}}}',
  extra: "{}",
  targets: ["1"],
  number: 0,
  ...wanted,
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The laws of Queue and Records, whatever keeps them. */
export function conforms(name: string, place: () => Promise<Place>): void {
  const start = async (limits?: Parameters<Place["open"]>[0]): Promise<Opened> => {
    const opened = await (await place()).open(limits);
    onTestFinished(() => opened.close());
    return opened;
  };
  const claimOne = async (queue: Queue): Promise<Claim> => {
    const claim = await queue.claim("worker");
    if (claim === undefined) throw new Error("no job waits");
    return claim;
  };
  const drain = async (queue: Queue): Promise<string[]> => {
    const ids: string[] = [];
    for (let claim = await queue.claim("worker"); claim; claim = await queue.claim("worker")) ids.push(claim.job.id);
    return ids;
  };

  describe(`${name}: order`, () => {
    test("a user's jobs run by number, then as they came; negative numbers are the front", async () => {
      const { queue, records } = await start();
      for (const [id, number] of Object.entries({ a: 5, b: 1, c: 5, d: -1, e: 0.5, f: -2 })) {
        await queue.add(spec({ id, number }));
      }
      expect((await records.list({ status: ["queued"] })).map(({ id }) => id)).toEqual(["f", "d", "e", "b", "a", "c"]);
      expect(await drain(queue)).toEqual(["f", "d", "e", "b", "a", "c"]);
    });

    test("numbers count up, and down at the front", async () => {
      const { queue } = await start();
      const [one, two, front] = [
        await queue.nextNumber(false),
        await queue.nextNumber(false),
        await queue.nextNumber(true),
      ];
      expect(two).toBeGreaterThan(one);
      expect(front).toBeLessThan(0);
      expect(await queue.nextNumber(true)).toBeLessThan(front);
    });

    test("a flood of one user delays others by one job at a time", async () => {
      const { queue } = await start();
      for (let i = 0; i < 50; i++) await queue.add(spec({ user: "flood", number: -i }));
      for (let i = 0; i < 5; i++) await queue.claim("worker");
      for (const user of ["b", "b", "b", "c", "c"]) await queue.add(spec({ user }));
      const users: string[] = [];
      for (let i = 0; i < 10; i++) users.push((await claimOne(queue)).job.user);
      expect(users.slice(0, 3).toSorted()).toEqual(["b", "c", "flood"]);
      expect(users.slice(3, 6).toSorted()).toEqual(["b", "c", "flood"]);
      expect(users.slice(6, 8).toSorted()).toEqual(["b", "flood"]);
      expect(users.slice(8)).toEqual(["flood", "flood"]);
    });

    test("while a user waits, no other has two turns, whoever comes and goes", async () => {
      const { queue } = await start();
      const waiting = new Map<string, number>();
      /** For each user that waits, the turns of the others since it was its turn or it came. */
      const turns = new Map<string, string[]>();
      for (let step = 0; step < 400; step++) {
        const user = `user ${randomInt(5)}`;
        if (randomInt(2) === 0) {
          await queue.add(spec({ user, number: randomInt(10) }));
          if (!waiting.get(user)) turns.set(user, []);
          waiting.set(user, (waiting.get(user) ?? 0) + 1);
          continue;
        }
        const claim = await queue.claim("worker");
        if (claim === undefined) continue;
        const { user: served } = claim.job;
        for (const [other, seen] of turns) if (waiting.get(other)) seen.push(served);
        for (const seen of [...turns.values()]) {
          const others = seen.filter((one) => turns.get(one) !== seen);
          expect(new Set(others).size).toBe(others.length);
        }
        turns.set(served, []);
        waiting.set(served, waiting.get(served)! - 1);
      }
    });

    test("waiting jobs are listed in the order in which they run", async () => {
      const { queue, records } = await start();
      const claims: Claim[] = [];
      for (let step = 0; step < 150; step++) {
        const dice = randomInt(20);
        if (dice < 12) {
          await queue.add(spec({ user: `user ${randomInt(4)}`, number: randomInt(-3, 10) }));
        } else if (dice < 19 || claims.length === 0) {
          const claim = await queue.claim("worker");
          if (claim !== undefined) claims.push(claim);
        } else {
          const [claim] = claims.splice(randomInt(claims.length), 1);
          await queue.requeue(claim!, "the server stops", "returned");
        }
      }
      const listed = (await records.list({ status: ["queued"] })).map(({ id }) => id);
      expect(listed.length).toBe(queue.counts().queued);
      const page = await records.list({ status: ["queued"], limit: 7, offset: 3 });
      expect(page.map(({ id }) => id)).toEqual(listed.slice(3, 10));
      expect(await drain(queue)).toEqual(listed);
    });

    test("a job that was given back goes before all others, in its old order", async () => {
      const { queue } = await start();
      for (const id of ["a", "b", "c", "d"]) await queue.add(spec({ id, user: id }));
      const [first, b] = [await claimOne(queue), await claimOne(queue)];
      await queue.add(spec({ id: "front", user: "a", number: -100 }));
      expect(await queue.requeue(first, "its worker died", "lost")).toBe("queued");
      const a = await claimOne(queue);
      expect(a.job.id).toBe("a");
      for (const claim of [b, a]) expect(await queue.requeue(claim, "its worker died", "lost")).toBe("queued");
      expect((await drain(queue)).slice(0, 2)).toEqual(["a", "b"]);
    });
  });

  describe(`${name}: tries`, () => {
    test("who reports on an earlier try is not listened to; the first end wins", async () => {
      const { queue, records } = await start();
      await queue.add(spec({ id: "job" }));
      const first = await claimOne(queue);
      await queue.shown(first, "9", { text: ["old"] });
      expect(await queue.requeue(first, "its worker died", "lost")).toBe("queued");
      expect(await queue.finish(first, done)).toBe(false);
      const second = await claimOne(queue);
      expect([first.attempt, second.attempt]).toEqual([1, 2]);

      await queue.shown(first, "9", { text: ["late"] });
      expect((await records.get("job"))?.outputs).toBe("{}");
      expect(await queue.finish(first, { ...done, status: "failed" })).toBe(false);
      expect(await queue.requeue(first, "late", "blamed")).toBe("over");

      expect(await queue.finish(second, { ...done, status: "cancelled" })).toBe(true);
      expect(await queue.finish(second, done)).toBe(false);
      expect(await queue.requeue(second, "late", "blamed")).toBe("over");
      expect((await records.get("job"))?.status).toBe("cancelled");
      const tries = await records.attempts("job");
      expect(tries.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
        [1, "lost"],
        [2, "cancelled"],
      ]);
      expect(tries[0]?.reason).toBe("its worker died");
    });

    test("a job blamed twice fails with the reason, and keeps what it showed", async () => {
      const { queue, records } = await start();
      await queue.add(spec({ id: "job" }));
      expect(await queue.requeue(await claimOne(queue), "killed by signal 9", "blamed")).toBe("queued");
      expect(await queue.requeue(await claimOne(queue), "the server stops", "returned")).toBe("queued");
      const third = await claimOne(queue);
      await queue.shown(third, "7", { images: [{ filename: "a.png" }] });
      expect(await queue.requeue(third, "killed by signal 9", "blamed")).toBe("failed");
      const job = await records.get("job");
      expect(job).toMatchObject({ status: "failed", outputs: '{"7":{"images":[{"filename":"a.png"}]}}' });
      expect(JSON.parse(job?.error ?? "")).toMatchObject({
        prompt_id: "job",
        exception_message: expect.stringContaining("killed by signal 9"),
      });
      expect(JSON.parse(job?.messages ?? "").at(-1)).toEqual(["execution_error", JSON.parse(job?.error ?? "")]);
      expect(queue.counts()).toEqual({ queued: 0, running: 0 });
    });

    test("a job that nobody blames is tried ten times", async () => {
      const { queue, records } = await start();
      await queue.add(spec({ id: "job" }));
      const ends: string[] = [];
      for (let i = 0; i < 10; i++) ends.push(await queue.requeue(await claimOne(queue), "a neighbour's fault", "lost"));
      expect(ends).toEqual([...Array(9).fill("queued"), "failed"]);
      expect(await records.attempts("job")).toHaveLength(10);
    });

    test("a job that is cut short in good order is tried however often that happens", async () => {
      const { queue, records } = await start();
      await queue.add(spec({ id: "job" }));
      for (let i = 0; i < 30; i++)
        expect(await queue.requeue(await claimOne(queue), "the server stops", "returned")).toBe("queued");
      expect(await queue.requeue(await claimOne(queue), "a neighbour's fault", "lost")).toBe("queued");
      const outcomes = (await records.attempts("job")).map(({ outcome }) => outcome);
      expect(outcomes).toEqual([...Array(30).fill("returned"), "lost"]);
    });

    test("what nodes show is there while the job runs", async () => {
      const { queue, records } = await start();
      await queue.add(spec({ id: "job" }));
      const claim = await claimOne(queue);
      await queue.shown(claim, "2", { text: ["first"] });
      await queue.shown(claim, 'odd "\u0000\ud800" id', { text: ["\u0000", 2 ** 60, 18446744073709551615n] });
      await queue.shown(claim, "2", { text: ["second"] });
      const outputs = (await records.get("job"))?.outputs ?? "";
      expect(JSON.parse(outputs)["2"]).toEqual({ text: ["second"] });
      expect(Object.keys(JSON.parse(outputs))).toContain('odd "\u0000\ud800" id');
      expect(outputs).toContain("18446744073709551615");
      expect((await records.list({ status: ["running"] }))[0]?.outputs).toBe(outputs);
    });
  });

  describe(`${name}: asking`, () => {
    test("asking the same again gives the same job; another prompt or user is refused", async () => {
      const { queue } = await start({ maxQueued: 1 });
      const wanted = spec({ number: await queue.nextNumber(false) });
      const first = await queue.add(wanted);
      expect(first.kind).toBe("added");
      const again = await queue.add({ ...wanted, number: await queue.nextNumber(false) });
      expect(again).toEqual({ ...first, kind: "same" });
      expect((await queue.add({ ...wanted, prompt: "{}" })).kind).toBe("taken");
      expect((await queue.add({ ...wanted, user: "somebody else" })).kind).toBe("taken");
      await queue.finish(await claimOne(queue), done);
      expect(await queue.add(wanted)).toMatchObject({ kind: "same", job: { status: "succeeded" } });
      expect(queue.counts()).toEqual({ queued: 0, running: 0 });
    });

    test("of many who ask the same at once, one adds it", async () => {
      const { queue } = await start();
      const wanted = spec();
      const kinds = (await Promise.all(Array.from({ length: 20 }, () => queue.add(wanted)))).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "added")).toHaveLength(1);
      expect(kinds.filter((kind) => kind === "same")).toHaveLength(19);
    });

    test("of many who claim at once, each gets another job", async () => {
      const { queue } = await start();
      await Promise.all(Array.from({ length: 10 }, () => queue.add(spec())));
      const claims = await Promise.all(Array.from({ length: 15 }, () => queue.claim("worker")));
      expect(new Set(claims.filter((claim) => claim !== undefined).map(({ job }) => job.id)).size).toBe(10);
      expect(claims.filter((claim) => claim === undefined)).toHaveLength(5);
    });

    test("a full queue refuses, and takes again when a job is claimed", async () => {
      const { queue } = await start({ maxQueued: 3 });
      const asked = await Promise.all(Array.from({ length: 5 }, () => queue.add(spec())));
      expect(asked.map(({ kind }) => kind)).toEqual(["added", "added", "added", "full", "full"]);
      expect(asked[4]).toEqual({ kind: "full", queued: 3 });
      await queue.claim("worker");
      expect((await queue.add(spec())).kind).toBe("added");
    });

    test("a queue is full by bytes too, counted as UTF-8", async () => {
      const { queue } = await start({ maxQueuedBytes: 5000 });
      const big = { prompt: JSON.stringify("ä".repeat(1000)) };
      const kinds: string[] = [];
      for (let i = 0; i < 3; i++) kinds.push((await queue.add(spec(big))).kind);
      expect(kinds).toEqual(["added", "added", "full"]);
      expect((await queue.add(spec())).kind).toBe("added");
      await queue.clear();
      expect((await queue.add(spec(big))).kind).toBe("added");
    });

    test("texts come back as they were", async () => {
      const { queue, records } = await start();
      const texts = [
        "\u0000",
        "\ud800",
        "x\udfff\ud83d\ude00",
        "'; DROP TABLE jobs; --",
        "\u2028\uffff",
        "ß".repeat(5),
      ];
      for (const text of texts) {
        const wanted = spec({
          prompt: JSON.stringify({ text }),
          extra: `{"raw":"${text.replaceAll("\u0000", "\\u0000")}"}`,
        });
        await queue.add(wanted);
        const job = await records.get(wanted.id);
        expect(JSON.parse(job?.prompt ?? "")).toEqual({ text });
        expect(JSON.parse(job?.extra ?? "")).toEqual({ raw: text });
        expect((await queue.add(wanted)).kind).toBe("same");
      }
      const seed = '{"seed":18446744073709551615,"other":-9007199254740993}';
      await queue.add(
        spec({ id: "seed", prompt: seed, user: "später", client: "c 💡", workflow: "a/b.json", targets: ["a:b"] }),
      );
      const job = await records.get("seed");
      expect(job).toMatchObject({
        prompt: seed,
        user: "später",
        client: "c 💡",
        workflow: "a/b.json",
        targets: ["a:b"],
      });
    });

    test("a text that can't be kept is refused whole", async () => {
      const { queue, records } = await start();
      for (const wanted of [{ client: "a\u0000b" }, { user: "\ud800" }, { number: Number.NaN }]) {
        await expect(queue.add(spec({ id: "bad", ...wanted }))).rejects.toThrow(TypeError);
      }
      expect(await records.get("bad")).toBeUndefined();
      expect(queue.counts()).toEqual({ queued: 0, running: 0 });
      expect((await queue.add(spec())).kind).toBe("added");
    });

    test("one that is refused does not take those with it that were asked for at the same time", async () => {
      const { queue } = await start();
      const asked = [spec(), spec({ client: "\u0000" }), spec()].map((one) => queue.add(one));
      const ends = await Promise.allSettled(asked);
      expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(queue.counts()).toEqual({ queued: 2, running: 0 });
      expect(await drain(queue)).toHaveLength(2);
    });

    test("a huge prompt comes back", async () => {
      const { queue, records } = await start();
      const prompt = JSON.stringify({ text: "αβγ ".repeat(4_000_000) });
      await queue.add(spec({ id: "huge", prompt }));
      expect((await claimOne(queue)).job.prompt === prompt).toBe(true);
      expect((await records.get("huge"))?.prompt.length).toBe(prompt.length);
    });

    test("an end that JSON can't say in full is kept all the same", async () => {
      const { queue, records } = await start();
      await queue.add(spec({ id: "odd" }));
      const outputs = { "1": { text: [Number.NaN, "\ud800", 2n ** 70n] } };
      expect(await queue.finish(await claimOne(queue), { ...done, outputs })).toBe(true);
      expect(JSON.parse((await records.get("odd"))?.outputs ?? "")["1"].text.slice(0, 2)).toEqual([null, "\ud800"]);
    });
  });

  describe(`${name}: cancelling`, () => {
    test("only jobs that wait are cancelled here", async () => {
      const { queue, records } = await start();
      await queue.add(spec({ id: "runs", number: 1 }));
      await queue.add(spec({ id: "waits", number: 2 }));
      await queue.claim("worker");
      expect(await queue.cancelQueued("runs")).toBe(false);
      expect(await queue.cancelQueued("nobody")).toBe(false);
      expect(await queue.cancelQueued("waits")).toBe(true);
      expect(await queue.cancelQueued("waits")).toBe(false);
      expect((await records.get("waits"))?.status).toBe("cancelled");
      expect(await queue.claim("worker")).toBeUndefined();
      expect(queue.counts()).toEqual({ queued: 0, running: 1 });
    });

    test("clearing takes a user's jobs, or all", async () => {
      const { queue } = await start();
      for (const [id, user] of ["aa", "aa", "b", "c"].entries())
        await queue.add(spec({ id: `job ${id}`, user: user[0]! }));
      expect(await queue.clear("a")).toMatchObject([
        { id: "job 0", user: "a" },
        { id: "job 1", user: "a" },
      ]);
      expect(queue.counts().queued).toBe(2);
      expect(await queue.clear()).toHaveLength(2);
      expect(await queue.clear()).toEqual([]);
    });
  });

  describe(`${name}: records`, () => {
    test("jobs are found by state, user and workflow, the newest first, in pages", async () => {
      const { queue, records } = await start();
      for (let i = 0; i < 60; i++) {
        await queue.add(spec({ id: `job ${i}`, user: `user ${i % 2}`, workflow: `flow ${i % 3}`, number: i }));
      }
      for (let i = 0; i < 55; i++) {
        await queue.finish(await claimOne(queue), { ...done, status: i % 5 === 0 ? "failed" : "succeeded" });
      }
      const over = { status: ["succeeded", "failed"] as const };
      expect(await records.count(over)).toBe(55);
      expect(await records.count({ ...over, user: "user 0", workflow: "flow 0" })).toBe(10);
      expect(await records.count({})).toBe(60);
      const ids = (await records.list(over)).map(({ id }) => id);
      expect(ids.slice(0, 3)).toEqual(["job 54", "job 53", "job 52"]);
      expect((await records.list({ ...over, ascending: true })).map(({ id }) => id)).toEqual(ids.toReversed());
      const pages = await collect(records.pages({ ...over, limit: 52, offset: 1 }));
      expect(pages.map(({ id }) => id)).toEqual(ids.slice(1, 53));
      expect(pages[0]?.prompt).toContain("SaveImage");
      expect(await records.list({ status: [] })).toEqual([]);
      const slowest = await records.list({ ...over, sortBy: "execution_duration" });
      const lengths = slowest.map(({ startedAt = 0, endedAt = 0 }) => endedAt - startedAt);
      expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    });

    test("only jobs that are over are forgotten, and only one's own", async () => {
      const { queue, records } = await start();
      for (const id of ["a1", "b1", "a2", "a3"]) await queue.add(spec({ id, user: id[0]! }));
      const claims = [await claimOne(queue), await claimOne(queue), await claimOne(queue)];
      for (const claim of claims) await queue.finish(claim, done);
      expect(await records.forget("b", ["a1", "a3", "nobody"])).toBe(0);
      expect(await records.forget("a", ["a1", "a3"])).toBe(1);
      expect(await records.get("a1")).toBeUndefined();
      expect(await records.attempts("a1")).toEqual([]);
      expect(await records.forget(undefined)).toBe(2);
      expect(await records.count({})).toBe(1);
      expect(queue.counts()).toEqual({ queued: 1, running: 0 });
    });
  });

  describe(`${name}: opened again`, () => {
    test("what waited waits in its order, what ran waits again before it, what ended is remembered", async () => {
      const { open } = await place();
      const before = await open();
      for (const id of ["ends", "runs", "x", "y", "z"]) await before.queue.add(spec({ id, user: id }));
      await before.queue.finish(await claimOne(before.queue), { ...done, outputs: { "1": { text: ["hi"] } } });
      await claimOne(before.queue);
      const order = (await before.records.list({ status: ["queued"] })).map(({ id }) => id);
      await before.close();

      const after = await open();
      onTestFinished(() => after.close());
      expect(after.queue.counts()).toEqual({ queued: 4, running: 0 });
      expect(await after.records.get("ends")).toMatchObject({ status: "succeeded", outputs: '{"1":{"text":["hi"]}}' });
      expect(await after.records.attempts("runs")).toMatchObject([{ outcome: "lost", reason: "the server stopped" }]);
      expect(await drain(after.queue)).toEqual(["runs", ...order]);
      expect(await after.records.attempts("runs")).toHaveLength(2);
    });

    test("numbers and counts of submissions are never given twice, though all is forgotten", async () => {
      const { open } = await place();
      const seen = { seqs: new Set<number>(), numbers: new Set<number>() };
      for (let round = 0; round < 3; round++) {
        const { queue, records, close } = await open();
        for (let i = 0; i < 5; i++) {
          const number = await queue.nextNumber(i % 2 === 0);
          const added = await queue.add(spec({ number }));
          if (added.kind !== "added") throw new Error(added.kind);
          expect(seen.seqs.has(added.job.seq)).toBe(false);
          expect(seen.numbers.has(Math.abs(number))).toBe(false);
          seen.seqs.add(added.job.seq);
          seen.numbers.add(Math.abs(number));
        }
        await queue.clear();
        expect(await records.forget(undefined)).toBe(5);
        await close();
      }
    });
  });
}
