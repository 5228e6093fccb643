import { linearPlaces } from "./taps.js";

const { fround } = Math;

/** Vectors closer to parallel, or to opposite, than this are not turned. */
const PARALLEL = 1 - 1e-5;

/**
 * Turns `a` by `ratio` of the angle between it and `b`, with the length interpolated linearly (slerp, Shoemake 1985),
 * into `out`. Parallel: `a` itself. Opposite, where no plane is given: a straight line. Every step is rounded to
 * float32 as ComfyUI's are, since between nearly opposite vectors the last bit of the cosine is seen in the result.
 */
function slerp(a: Float32Array, b: Float32Array, ratio: number, out: Float32Array): void {
  const lengthA = length(a);
  const lengthB = length(b);
  const left = fround(1 - ratio);
  let cosine = 0;
  for (let c = 0; c < a.length; c++) cosine = fround(cosine + fround(unit(a, c, lengthA) * unit(b, c, lengthB)));
  if (cosine > PARALLEL) {
    out.set(a);
    return;
  }
  if (cosine < -PARALLEL) {
    for (let c = 0; c < a.length; c++) out[c] = fround((a[c] as number) * left) + fround((b[c] as number) * ratio);
    return;
  }
  const angle = fround(Math.acos(cosine));
  const sine = fround(Math.sin(angle));
  const shareA = fround(fround(Math.sin(fround(left * angle))) / sine);
  const shareB = fround(fround(Math.sin(fround(ratio * angle))) / sine);
  const scale = fround(fround(lengthA * left) + fround(lengthB * ratio));
  for (let c = 0; c < a.length; c++) {
    const turned = fround(shareA * unit(a, c, lengthA)) + fround(shareB * unit(b, c, lengthB));
    out[c] = fround(turned) * scale;
  }
}

function length(vector: Float32Array): number {
  let square = 0;
  for (const x of vector) square = fround(square + fround(x * x));
  return fround(Math.sqrt(square));
}

const unit = (vector: Float32Array, c: number, size: number): number =>
  size === 0 ? 0 : fround((vector[c] as number) / size);

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
  const a = new Float32Array(channels);
  const b = new Float32Array(channels);
  const turned = new Float32Array(channels);
  for (let item = 0; item < batch; item++) {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < size; i++) {
        const low = lower[i] as number;
        const high = Math.min(low + 1, n - 1);
        for (let j = 0; j < inner; j++) {
          const from = item * channels * strideIn + o * n * inner + j;
          for (let c = 0; c < channels; c++) {
            a[c] = input[from + low * inner + c * strideIn] as number;
            b[c] = input[from + high * inner + c * strideIn] as number;
          }
          slerp(a, b, fround(ratio[i] as number), turned);
          const to = item * channels * strideOut + (o * size + i) * inner + j;
          for (let c = 0; c < channels; c++) output[to + c * strideOut] = turned[c] as number;
        }
      }
    }
  }
  return output;
}
