import { seedSequence } from "./seed-sequence.js";
import { torchGenerator } from "./torch-generator.js";

/** torchsde's settings for `BrownianTree`: entropy words kept, and decimals to which times are rounded. */
const POOL_SIZE = 24;
const DECIMALS = 6;

/** Increments of one Brownian path; asking twice gives the same answer, whatever was asked in between. */
export interface BrownianTree {
  /** W(to) - W(from), in a new array. Times outside the path's are moved to its ends; `from` must not exceed `to`. */
  readonly increment: (from: number, to: number) => Float32Array;
}

/**
 * A Brownian path over [start, end] from a seed: the numbers of torchsde's `BrownianTree` (Li et al. 2020, "Scalable
 * gradients for stochastic differential equations"). The path's value in the middle of an interval is drawn from a
 * seed that belongs to this interval, so any time is reached by halving, and no part of the tree need be kept.
 */
export function brownianTree(
  seed: bigint,
  { start, end, size }: { start: number; end: number; size: number },
): BrownianTree {
  const entropy = BigInt.asUintN(64, seed);
  const first = round(start);
  const last = round(end);
  const normal = (word: number): Float32Array => torchGenerator(BigInt(word)).randn(size);

  const whole = Float64Array.from(normal(seedSequence(entropy, { poolSize: POOL_SIZE, count: 1 })[0]!));
  const scale = Math.sqrt(end - start);
  for (let i = 0; i < size; i++) whole[i]! *= scale;

  /** The noise that splits the `index`th interval of a level. Levels count from 0, the whole. */
  const splitting = (index: number, level: number): Float32Array =>
    normal(seedSequence(entropy, { spawnKey: [index, level], poolSize: POOL_SIZE, count: 1 })[0]!);

  /** W(time) - W(start). */
  function valueAt(time: number): Float64Array {
    const before = new Float64Array(size);
    if (time <= first) return before;
    const increment = Float64Array.from(whole);
    let [from, to, index, level] = [first, last, 0, 0];
    while (time < to) {
      const middle = round((from + to) / 2);
      const left = (middle - from) / (to - from);
      const deviation = Math.sqrt(left * (to - middle));
      const noise = splitting(index, level);
      const goesLeft = time <= middle;
      for (let i = 0; i < size; i++) {
        const half = left * increment[i]! + deviation * noise[i]!;
        if (goesLeft) increment[i] = half;
        else {
          before[i]! += half;
          increment[i]! -= half;
        }
      }
      if (goesLeft) to = middle;
      else from = middle;
      index = 2 * index + (goesLeft ? 0 : 1);
      level++;
    }
    for (let i = 0; i < size; i++) before[i]! += increment[i]!;
    return before;
  }

  // A sampler's next question starts where its last one ended.
  let known = new Map<number, Float64Array>();
  return {
    increment(from, to) {
      const times = [from, to].map((time) => Math.min(Math.max(round(time), first), last));
      known = new Map(times.map((time) => [time, known.get(time) ?? valueAt(time)]));
      const [a, b] = times.map((time) => known.get(time)!);
      return Float32Array.from(b!, (value, i) => value - a![i]!);
    },
  };
}

/** Python's `round(time, 6)`: nearest decimal of the exact binary value, ties to even. */
function round(time: number): number {
  const exact = time.toFixed(60);
  const nearest = Number(time.toFixed(DECIMALS));
  const tie = new RegExp(`\\.\\d{${DECIMALS}}50*$`).test(exact);
  if (!tie) return nearest;
  const down = exact.slice(0, exact.indexOf(".") + DECIMALS + 1);
  const up = Math.sign(time) * 10 ** -DECIMALS;
  return Number(Number(down.at(-1)) % 2 === 0 ? down : (Number(down) + up).toFixed(DECIMALS));
}
