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

async function measure(text, rounds) {
  const cold = [];
  const cached = [];
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    const cache = memoryCache(1e9);
    const first = await time(text, cache, "finished");
    count = first.count;
    cold.push(first.microseconds);
    cached.push((await time(text, cache, "cached")).microseconds);
  }
  return { count, cold: middle(cold), cached: middle(cached), least: Math.min(...cold) };
}

const print = (name, value, unit, target) =>
  console.log(JSON.stringify({ name, value: Number(value.toFixed(2)), unit, target, better: "lower" }));

const totals = {};
for (const [shape, make] of Object.entries({ chain, fan })) {
  for (const [size, rounds] of [
    [1000, 41],
    [10_000, 11],
  ]) {
    const { count, cold, cached, least } = await measure(make(size), rounds);
    totals[`${shape}${size}`] = least;
    if (size !== 1000) continue;
    print(`engine.${shape}.${size}.cold`, cold / count, "us/node", 40);
    print(`engine.${shape}.${size}.cached`, cached / count, "us/node", 10);
  }
  print(`engine.${shape}.10000-to-1000`, totals[`${shape}10000`] / totals[`${shape}1000`], "times", 12);
}
