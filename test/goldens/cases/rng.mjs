// @ts-check
import { brownianNoise, brownianTree, prepareNoise, torchGenerator } from "@mezzotint/nodes-diffusion";
import { tensor } from "../read-set.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */
/** @typedef {import("../compare.mjs").Comparison} Comparison */

/** `torch.manual_seed(seed); fn(...)`: each way of drawing. @type {Handler} */
export async function* randn(c, { set }) {
  const expected = await set.tensors(c.files.expected);
  for (const { key, seed, fn, shape } of c.entries)
    yield {
      name: key,
      compare: () => [
        { got: draw(torchGenerator(BigInt(seed)), fn, shape?.[0]), want: tensor(expected, key).data, ...c.tolerance },
      ],
    };
}

/**
 * A call as the manifest writes it: `randn`, `rand(37)`, `randint(0,2**31,(9,))`, `randn(19, float64)`.
 * @param {import("@mezzotint/nodes-diffusion").TorchGenerator} generator @param {string} call
 * @param {number} [count] if the call itself does not say it
 */
function draw(generator, call, count = 0) {
  if (call.startsWith("randint")) return generator.randint(2 ** 31, Number(/\((\d+),\)/.exec(call)?.[1]));
  const size = Number(/\((\d+)/.exec(call)?.[1] ?? count);
  if (call.startsWith("rand(")) return generator.rand(size);
  if (call.includes(", float64")) return generator.randn64(size);
  return call.includes(", float16") ? generator.randn16(size) : generator.randn(size);
}

/** Draws of one generator after each other: its state and its spare value carry over. @type {Handler} */
export async function* sequences(c, { set }) {
  const expected = await set.tensors(c.files.expected);
  /** @param {string} name @param {ArrayLike<number>} got @returns {Comparison} */
  const against = (name, got) => ({ what: name, got, want: tensor(expected, name).data, ...c.tolerance });
  for (const [i, counts] of c.seqs.entries())
    yield {
      name: `seq${i}`,
      compare: () => {
        const generator = torchGenerator(BigInt(100 + i + c.seed));
        return counts.map((/** @type {number} */ n, /** @type {number} */ j) =>
          against(`seq${i}.${j}`, generator.randn(n)),
        );
      },
    };
  yield {
    name: "like",
    compare: () => {
      const generator = torchGenerator(BigInt(c.seed));
      const size = c.like_shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b);
      return [0, 1, 2, 3].map((j) => against(`like.${j}`, generator.randn(size)));
    },
  };
  yield {
    name: "gen",
    compare: () => {
      const generator = torchGenerator(BigInt(c.seed + 1));
      return [
        ["a", 24],
        ["b", 512],
        ["c", 7],
      ].map(([name, n]) => against(`gen.${name}`, generator.randn(Number(n))));
    },
  };
  yield {
    name: "mixed",
    compare: () => {
      const generator = torchGenerator(55n);
      return [
        against("mixed.rand", generator.rand(3)),
        against("mixed.randn", generator.randn(3)),
        against("mixed.randn16", generator.randn(16)),
        against("mixed.randperm", generator.randperm(11)),
      ];
    },
  };
}

/** The noise that a run starts from. @type {Handler} */
export async function* startNoise(c, { set }) {
  const expected = await set.tensors(c.files.expected);
  const three = [3, ...c.shape.slice(1)];
  const calls = {
    batch1: [c.shape],
    batch3: [three],
    batch_index: [three, c.noise_inds],
    batch_index_seq: [three, [0, 1, 2]],
  };
  for (const [name, [dims, places]] of Object.entries(calls))
    yield {
      name,
      compare: () => [
        { got: prepareNoise(dims, BigInt(c.seed), places).data, want: tensor(expected, name).data, ...c.tolerance },
      ],
    };
}

/** Increments of a Brownian path, scaled as samplers take them and plain. @type {Handler} */
export async function* brownian(c, { set }) {
  const expected = await set.tensors(c.files.expected);
  /** @type {Map<string, any[]>} */
  const paths = new Map();
  for (const entry of c.entries) {
    const path = entry.key.slice(0, entry.key.lastIndexOf("."));
    paths.set(path, [...(paths.get(path) ?? []), entry]);
  }
  for (const [name, steps] of paths)
    yield {
      name,
      compare: () => {
        const sigmas = Float32Array.of(steps[0].sigma, ...steps.map(({ sigma_next }) => sigma_next));
        const noise = brownianNoise({
          size: tensor(expected, steps[0].key).data.length,
          seed: BigInt(steps[0].seed),
          sigmas,
        });
        return steps.map(({ key }, i) => ({
          what: key,
          got: noise(Number(sigmas[i]), Number(sigmas[i + 1])),
          want: tensor(expected, key).data,
          ...c.tolerance,
        }));
      },
    };
  for (const key of expected.keys()) {
    if (!/^tree\..*\.a$/.test(key)) continue;
    const [, seed = ""] = key.split(".");
    yield {
      name: `tree.${seed}`,
      compare: () => {
        const tree = brownianTree(BigInt(seed), { start: Math.fround(0.0292), end: Math.fround(14.6146), size: 5 });
        const asked = { a: [1, 4], b: [Math.fround(0.0292), 1], c: [0.5, 2] };
        return Object.entries(asked).map(([which, [from = 0, to = 0]]) => ({
          what: which,
          got: tree.increment(from, to),
          want: tensor(expected, `tree.${seed}.${which}`).data,
          ...c.tolerance,
        }));
      },
    };
  }
}
