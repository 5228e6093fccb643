import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bench, bench } from "../../test/bench.js";
import { BLOCKED, COUNTED, Failed, type Kind, kindsHolding, LINKS, meaning, stillRunning } from "../../test/kinds.js";
import type { Awaitable } from "./awaitable.js";
import { isBlocker } from "./blocker.js";
import { type Cache, memoryCache } from "./cache.js";
import { diskCache, tieredCache } from "./disk-cache.js";
import { NodeError } from "./node-error.js";
import type { Link, Prompt } from "./prompt.js";
import { slots } from "./slots.js";

/** What kinds hold while they run, and how many there are of it. */
const RESOURCES = [[], ["gpu"], ["cpu"], ["gpu", "cpu"]];
const COUNTS = { gpu: 1, cpu: 2 };

type Random = (below: number) => number;
/** A small generator of integers (mulberry32), so that failures repeat. */
const random = (seed: number): Random => {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

/** The kinds as often as they are drawn. */
const DRAWN: readonly Kind[] = [
  "Number",
  "Add",
  "Add",
  "Many",
  "Many",
  "Sum",
  "Block",
  "Pick",
  "Chain",
  "Loop",
  "Fail",
];

function randomPrompt(next: Random): Prompt {
  const prompt: Record<string, Prompt[string]> = {};
  const ids: string[] = [];
  const source = (): Link => {
    const from = ids[next(4) === 0 ? next(ids.length) : Math.max(0, ids.length - 1 - next(4))]!;
    return [from, prompt[from]!.class_type.startsWith("Block") ? next(2) : 0];
  };
  const turns = () => next(2) * next(4);
  const fresh = (kind: Kind): Prompt[string] => {
    const inputs: Record<string, unknown> = Object.fromEntries(LINKS[kind].map((name) => [name, source()]));
    if (COUNTED.includes(kind)) inputs.n = next(5);
    return {
      class_type: [kind, ...RESOURCES[next(RESOURCES.length)]!].join(" "),
      inputs: { ...inputs, turns: turns() },
    };
  };
  /** As an earlier one but for one link: what caches must tell apart. */
  const similar = (): Prompt[string] => {
    const { class_type, inputs } = prompt[ids[next(ids.length)]!]!;
    const links = LINKS[class_type.split(" ")[0] as Kind];
    if (links.length === 0) return { class_type, inputs: { ...inputs, n: next(5) } };
    const name = links[next(links.length)]!;
    const [from, slot] = inputs[name] as Link;
    const other = prompt[from]!.class_type.startsWith("Block") ? [from, 1 - slot] : source();
    return { class_type, inputs: { ...inputs, [name]: other } };
  };
  const size = 6 + next(20);
  for (let i = 0; i < size; i++) {
    prompt[`n${i}`] = i === 0 ? fresh("Number") : next(3) === 0 ? similar() : fresh(DRAWN[next(DRAWN.length)]!);
    ids.push(`n${i}`);
  }
  for (let i = 0; i <= next(4); i++) prompt[`out${i}`] = fresh("Out");
  return prompt;
}

let rig: Bench;
let folder: string;
beforeAll(async () => {
  rig = await bench(RESOURCES.flatMap(kindsHolding));
  folder = await mkdtemp(join(tmpdir(), "mezzotint-graphs-"));
});
// The cache on disk may still be writing.
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const caches: Readonly<Record<string, (seed: number) => Awaitable<Cache>>> = {
  "a cache that is too small": (seed) => memoryCache(200 + (seed % 700)),
  "a cache": () => memoryCache(1e6),
  "a cache on disk": async (seed) => tieredCache(memoryCache(0), await diskCache(join(folder, `${seed % 5}`), 1e6)),
};

describe.each(Object.keys(caches))("random graphs with %s", (kind) => {
  test("give what they mean, also after a run that was cancelled, and leave nothing running and no slot taken", async () => {
    const counts = { given: 0, failed: 0, cancelled: 0 };
    for (let seed = 1; seed <= 70; seed++) {
      const next = random(seed);
      const prompt = randomPrompt(next);
      const of = meaning(prompt);
      const targets = Object.keys(prompt).filter((id) => id.startsWith("out"));
      const meant = attempt(() => new Map(targets.map((id) => [id, of(id)])));
      const cache = await caches[kind]!(seed);
      // The first run may be cancelled, at any of its events; what it left in the cache serves the second.
      for (let left of [next(2) ? next(30) : Infinity, Infinity]) {
        const available = slots(COUNTS);
        const abort = new AbortController();
        const emit = () => left-- === 0 && abort.abort("enough");
        const options = { cache, slots: available, signal: abort.signal, emit };
        const result = await rig.run(prompt, options).catch((error) => error);
        const where = `seed ${seed}`;
        expect(stillRunning(), where).toBe(0);
        let free = 0;
        for (const name of ["gpu", "cpu", "cpu"]) available.request([name], () => free++);
        expect(free, where).toBe(3);
        if (left < 0 && result === "enough") counts.cancelled++;
        else if (meant instanceof Failed) {
          expect(result, where).toBeInstanceOf(NodeError);
          counts.failed++;
        } else {
          expect(result, where).not.toBeInstanceOf(Error);
          const shown = (values: readonly unknown[]) => values.map((value) => (isBlocker(value) ? BLOCKED : value));
          for (const [id, lists] of meant) expect(result.outputs.get(id).map(shown), `${where}, ${id}`).toEqual(lists);
          counts.given++;
        }
      }
    }
    // Otherwise the graphs have become too simple to find anything.
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(2);
  });
});

function attempt<T>(make: () => T): T | Failed {
  try {
    return make();
  } catch (error) {
    if (error instanceof Failed) return error;
    throw error;
  }
}
