import type { Awaitable } from "../src/run/awaitable.js";
import { block } from "../src/run/blocker.js";
import { Constant, Expansion } from "../src/run/expansion.js";
import { int, lazy, link, list } from "../src/run/inputs.js";
import { defineNode, type NodeType } from "../src/run/node.js";
import type { Link, Prompt } from "../src/run/prompt.js";
import { ANY, each, socket } from "../src/run/socket.js";

const PRIME = 1_000_003;
const add = (a: number, b: number): number => (a + 3 * b + 1) % PRIME;

const NUMBER = socket<number>("NUMBER");
const a = link(NUMBER);
const b = link(NUMBER);
const n = int();
/** After how many turns of the event loop a node answers; 0: at once. */
const turns = int();

let running = 0;
/** How many calls have begun and not ended. */
export const stillRunning = (): number => running;

function soon<T>(turns: number, make: () => Awaitable<T>): Awaitable<T> {
  if (turns === 0) return make();
  running++;
  const after = async () => {
    for (let i = 1; i < turns; i++) await new Promise(setImmediate);
    return make();
  };
  return after().finally(() => running--);
}

/** Nodes of small numbers, one for each thing that a graph can do. */
export type Kind = "Number" | "Add" | "Many" | "Sum" | "Block" | "Pick" | "Chain" | "Loop" | "Fail" | "Out";
/** Their linked inputs. */
export const LINKS: Readonly<Record<Kind, readonly string[]>> = {
  Number: [],
  Add: ["a", "b"],
  Many: ["a"],
  Sum: ["all", "b"],
  Block: ["a"],
  Pick: ["a", "b", "c"],
  Chain: ["a"],
  Loop: ["a"],
  Fail: ["a"],
  Out: ["a"],
};

/** Those that take a number of their own. */
export const COUNTED: readonly Kind[] = ["Number", "Many", "Block", "Chain", "Loop"];

/** Every kind, holding these resources while it runs. Kinds are told apart by the first word of their id. */
export function kindsHolding(resources: readonly string[]): readonly NodeType[] {
  const id = (kind: Kind): string => [kind, ...resources].join(" ");
  const base = { category: "", doc: "", resources, outputs: { o: NUMBER } };
  return [
    defineNode({
      ...base,
      id: id("Number"),
      inputs: { n, turns },
      run: ({ n, turns }) => soon(turns, () => ({ o: n })),
    }),
    defineNode({
      ...base,
      id: id("Add"),
      inputs: { a, b, turns },
      run: ({ a, b, turns }) => soon(turns, () => ({ o: add(a, b) })),
    }),
    defineNode({
      ...base,
      id: id("Many"),
      inputs: { a, n, turns },
      outputs: { o: each(NUMBER) },
      run: ({ a, n, turns }) =>
        soon(turns, () => ({ o: Array.from({ length: Math.ceil(n / 2) }, (_, i) => add(a, i)) })),
    }),
    defineNode({
      ...base,
      id: id("Sum"),
      inputs: { all: list(link(NUMBER)), b, turns },
      run: ({ all, b, turns }) => soon(turns, () => ({ o: all.reduce(add, b) })),
    }),
    defineNode({
      ...base,
      id: id("Block"),
      inputs: { a, n, turns },
      outputs: { o: NUMBER, other: NUMBER },
      run: ({ a, n, turns }) => soon(turns, () => ({ o: a % 3 === 0 ? block("") : a, other: add(a, n) })),
    }),
    defineNode({
      ...base,
      id: id("Pick"),
      inputs: { a: lazy(a), b: lazy(b), c: link(NUMBER), turns },
      run: ({ a, b, c, turns }) =>
        soon(turns + 1, async () => {
          if (c % 3 === 0) return { o: add(...(await Promise.all([a(), b()]))) };
          return { o: c % 3 === 1 ? await a() : c };
        }),
    }),
    defineNode({
      ...base,
      id: id("Chain"),
      inputs: { a, n, turns },
      outputs: { o: ANY },
      run: ({ a, n, turns }) =>
        soon(turns, () => {
          const sum = { class_type: id("Add"), inputs: { a: new Constant(a), b: new Constant(n), turns } };
          if (n === 0) return new Expansion({ sum }, { o: ["sum", 0] });
          const next = { class_type: id("Chain"), inputs: { a: ["sum", 0], n: n - 1, turns } };
          return new Expansion({ sum, next }, { o: ["next", 0] });
        }),
    }),
    defineNode({
      ...base,
      id: id("Loop"),
      inputs: { a, n, turns },
      outputs: { o: ANY },
      run: ({ a, n, turns }, ctx) =>
        soon(turns + 1, async () => {
          let o: unknown = new Constant(a);
          for (let i = 0; i < n; i++) {
            const sum = { class_type: id("Add"), inputs: { a: o, b: o, turns } };
            o = (await ctx.expand(new Expansion({ sum }, { o: ["sum", 0] }))).o;
          }
          return { o };
        }),
    }),
    defineNode({
      ...base,
      id: id("Fail"),
      inputs: { a, turns },
      run: ({ a, turns }) =>
        soon(turns, () => {
          if (a % 7 === 0) throw new Error("out of luck");
          return { o: a };
        }),
    }),
    defineNode({
      ...base,
      id: id("Out"),
      inputs: { a, turns },
      output: true,
      run: ({ a, turns }) => soon(turns, () => ({ o: a })),
    }),
  ];
}

/** Stands for a blocker among values. */
export const BLOCKED = Symbol("blocked");
type Value = number | typeof BLOCKED;
/** What an evaluation ends with where a run fails. */
export class Failed extends Error {}

/**
 * What the outputs of a node are, in lists, by the simplest evaluator: no cache, no slots, nothing at the same time. Throws `Failed` where a node does that anything asks for.
 */
export function meaning(prompt: Prompt): (id: string) => readonly (readonly Value[])[] {
  const known = new Map<string, readonly (readonly Value[])[]>();
  const outputs = (id: string) => {
    const found = known.get(id) ?? evaluate(id);
    known.set(id, found);
    return found;
  };
  function evaluate(id: string) {
    const { class_type, inputs } = prompt[id]!;
    const kind = class_type.split(" ")[0] as Kind;
    const arriving = (name: string) => {
      const [source, slot] = inputs[name] as Link;
      return outputs(source)[slot]!;
    };
    const eager = kind === "Pick" ? ["c"] : LINKS[kind].filter((name) => name !== "all");
    const lists = new Map(eager.map((name) => [name, arriving(name)]));
    const all = kind === "Sum" ? arriving("all") : [];
    const isEmpty = [...lists.values()].some(({ length }) => length === 0);
    // A lazy input's list counts from when it is asked for.
    const calls = () => (isEmpty ? 0 : Math.max(1, ...[...lists.values()].map(({ length }) => length)));
    const results: Value[][] = [[], []];
    for (let call = 0; call < calls(); call++) {
      const item = (name: string): Value => {
        const values = lists.get(name) ?? arriving(name);
        lists.set(name, values);
        return values[Math.min(call, values.length - 1)] ?? BLOCKED;
      };
      const given = eager.map(item);
      if ([...given, ...all].includes(BLOCKED)) for (const result of results) result.push(BLOCKED);
      else {
        const [first = 0, second = 0] = given as number[];
        const made = compute(kind, [first, second, inputs.n as number], all as number[], item);
        for (const [slot, values] of made.entries()) results[slot]!.push(...values);
      }
    }
    return kind === "Block" ? results : results.slice(0, 1);
  }
  return outputs;
}

function compute(
  kind: Kind,
  [a, b, n]: readonly [a: number, b: number, n: number],
  all: readonly number[],
  later: (name: string) => Value,
): readonly (readonly Value[])[] {
  if (kind === "Number") return [[n]];
  if (kind === "Add") return [[add(a, b)]];
  if (kind === "Many") return [Array.from({ length: Math.ceil(n / 2) }, (_, i) => add(a, i))];
  if (kind === "Sum") return [[all.reduce(add, a)]];
  if (kind === "Block") return [[a % 3 === 0 ? BLOCKED : a], [add(a, n)]];
  if (kind === "Chain") return [[Array.from({ length: n + 1 }, (_, i) => n - i).reduce(add, a)]];
  if (kind === "Loop") return [[Array.from({ length: n }).reduce<number>((sum) => add(sum, sum), a)]];
  if (kind === "Fail" && a % 7 === 0) throw new Failed();
  if (kind !== "Pick") return [[a]];
  if (a % 3 !== 0) return [[a % 3 === 1 ? later("a") : a]];
  const both = [later("a"), later("b")];
  return [[both.includes(BLOCKED) ? BLOCKED : add(...(both as [number, number]))]];
}
