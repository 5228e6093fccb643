// The engine's own cost: prompt JSON → plan → keys → run, on nodes that do nothing. One JSON line per figure.
import {
  defineNode,
  definePack,
  describe,
  INT,
  int,
  memoryCache,
  nodesOf,
  parseJson,
  plan,
  run,
  services,
} from "@mezzotint/engine";

const source = defineNode({
  id: "Source",
  category: "speed",
  doc: "A number.",
  inputs: { value: int() },
  outputs: { value: INT },
  run: ({ value }) => ({ value }),
});
const increment = defineNode({
  id: "Increment",
  category: "speed",
  doc: "A number and a literal.",
  inputs: { value: int(), by: int() },
  outputs: { value: INT },
  run: ({ value, by }) => ({ value: value + by }),
});
const sink = defineNode({
  id: "Sink",
  category: "speed",
  doc: "Asks for a number.",
  inputs: { value: int() },
  outputs: {},
  output: true,
  run: () => ({}),
});
const packs = [definePack({ name: "speed", version: "1", nodes: [source, increment, sink] })];

/** source → increment → … → sink. */
function chain(count) {
  const prompt = { 0: { class_type: "Source", inputs: { value: 1 } } };
  for (let i = 1; i < count - 1; i++)
    prompt[i] = { class_type: "Increment", inputs: { value: [String(i - 1), 0], by: i } };
  prompt[count - 1] = { class_type: "Sink", inputs: { value: [String(count - 2), 0] } };
  return JSON.stringify(prompt);
}

/** One source, read by every other node. */
function fan(count) {
  const prompt = { 0: { class_type: "Source", inputs: { value: 1 } } };
  for (let i = 1; i < count; i += 2) {
    prompt[i] = { class_type: "Increment", inputs: { value: ["0", 0], by: i } };
    prompt[i + 1] = { class_type: "Sink", inputs: { value: [String(i), 0] } };
  }
  return JSON.stringify(prompt);
}

const use = services([]);
const definitions = await describe(packs, use);
const nodes = nodesOf(packs);

/** Microseconds from the prompt's text to the end of its run; checks that every node said what it should. */
async function time(text, cache, expected) {
  const said = new Map();
  const begin = process.hrtime.bigint();
  const planned = plan(parseJson(text), definitions);
  await run(planned, { nodes, definitions, cache, use, emit: ({ type }) => said.set(type, (said.get(type) ?? 0) + 1) });
  const microseconds = Number(process.hrtime.bigint() - begin) / 1000;
  if (said.get(expected) !== planned.steps.size)
    throw new Error(`${said.get(expected)} of ${planned.steps.size} nodes said "${expected}"`);
  return { microseconds, count: planned.steps.size };
}

const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Runs a prompt with an empty cache, and again with what that left in it. */
async function pair(text) {
  const cache = memoryCache(1e9);
  const cold = await time(text, cache, "finished");
  return { count: cold.count, cold: cold.microseconds, cached: (await time(text, cache, "cached")).microseconds };
}

async function repeat(rounds, work) {
  const results = [];
  for (let round = 0; round < rounds; round++) results.push(await work());
  return results;
}

const print = (name, value, unit, target) =>
  console.log(JSON.stringify({ name, value: Number(value.toFixed(2)), unit, target, better: "lower" }));

for (const [shape, make] of Object.entries({ chain, fan })) {
  const small = make(1000);
  const large = make(10_000);
  const pairs = await repeat(41, () => pair(small));
  const perNode = (kind) => middle(pairs.map((result) => result[kind] / result.count));
  print(`engine.${shape}.1000.cold`, perNode("cold"), "us/node", 40);
  print(`engine.${shape}.1000.cached`, perNode("cached"), "us/node", 10);
  // Next to each other in time, so that what else the machine does weighs on both; ten small runs for one large,
  // so that both pay for the garbage they make.
  const ratios = await repeat(7, async () => {
    const ten = await repeat(10, async () => (await time(small, memoryCache(1e9), "finished")).microseconds);
    const one = (await time(large, memoryCache(1e9), "finished")).microseconds;
    return (10 * one) / ten.reduce((sum, cost) => sum + cost);
  });
  print(`engine.${shape}.10000-to-1000`, middle(ratios), "times", 12);
}
