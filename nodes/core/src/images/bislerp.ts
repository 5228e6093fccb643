import { linearPlaces } from "./taps.js";

/** Vectors closer to parallel, or to opposite, than this are not turned. */
const PARALLEL = 1 - 1e-5;

/**
 * Shares of `a` and `b` for a turn by `ratio` of the angle between them, with the length interpolated linearly
 * (slerp, Shoemake 1985). Parallel: `a` itself. Opposite, where no plane is given: a straight line.
 */
function shares(dot: number, lengthA: number, lengthB: number, ratio: number): readonly [number, number] {
  const cosine = lengthA === 0 || lengthB === 0 ? 0 : dot / (lengthA * lengthB);
  if (cosine > PARALLEL) return [1, 0];
  if (cosine < -PARALLEL) return [1 - ratio, ratio];
  const angle = Math.acos(cosine);
  const length = (lengthA * (1 - ratio) + lengthB * ratio) / Math.sin(angle);
  return [
    lengthA === 0 ? 0 : (Math.sin((1 - ratio) * angle) * length) / lengthA,
    lengthB === 0 ? 0 : (Math.sin(ratio * angle) * length) / lengthB,
  ];
}

/** Bislerp along one axis of [batch, channels, outer, n, inner]: each new place turns between the two beside it. */
export function bislerpAxis(
  input: Float32Array,
  output: Float32Array,
  { batch, channels, outer, n, inner }: { batch: number; channels: number; outer: number; n: number; inner: number },
  size: number,
): Float32Array {
  const { lower, ratio } = linearPlaces(n, size);
  const strideIn = outer * n * inner;
  const strideOut = outer * size * inner;
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < size; i++) {
        const low = lower[i] as number;
        const high = Math.min(low + 1, n - 1);
        for (let j = 0; j < inner; j++) {
          const atA = b * channels * strideIn + (o * n + low) * inner + j;
          const atB = b * channels * strideIn + (o * n + high) * inner + j;
          let dot = 0;
          let squareA = 0;
          let squareB = 0;
          for (let c = 0; c < channels; c++) {
            const x = input[atA + c * strideIn] as number;
            const y = input[atB + c * strideIn] as number;
            dot += x * y;
            squareA += x * x;
            squareB += y * y;
          }
          const [a, z] = shares(dot, Math.sqrt(squareA), Math.sqrt(squareB), ratio[i] as number);
          const to = b * channels * strideOut + (o * size + i) * inner + j;
          for (let c = 0; c < channels; c++) {
            output[to + c * strideOut] =
              a * (input[atA + c * strideIn] as number) + z * (input[atB + c * strideIn] as number);
          }
        }
      }
    }
  }
  return output;
}
