import type { Steps } from "../steps.js";
import type { Taps } from "./taps.js";

/** Data seen as [outer, n, inner], of which the middle axis is resized. */
export interface Axis {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** What becomes of a sum before it is stored. */
type Store = "as it is" | "rounded to a byte";

/** The sums of a job: where they come from and where they go. */
interface Job extends Axis {
  readonly input: Float32Array;
  readonly output: Float32Array;
  readonly taps: Taps;
  readonly round: boolean;
}

const toByte = (sum: number): number => Math.min(Math.max(Math.floor(sum + 0.5), 0), 255);

/** The o-th line of places that are a few values each: sums stay in registers. */
function narrowLine({ input, output, n, inner, taps: { size, count, index, weight }, round }: Job, o: number): void {
  for (let i = 0; i < size; i++) {
    const first = i * count;
    for (let j = 0; j < inner; j++) {
      const from = o * n * inner + j;
      let sum = 0;
      for (let k = first; k < first + count; k++) {
        sum += (weight[k] as number) * (input[from + (index[k] as number) * inner] as number);
      }
      output[(o * size + i) * inner + j] = round ? toByte(sum) : sum;
    }
  }
}

/** `narrowLine` for three values a place, the pixels of nearly every picture: one look-up serves all three. */
function tripleLine({ input, output, n, taps: { size, count, index, weight }, round }: Job, o: number): void {
  for (let i = 0; i < size; i++) {
    let x = 0;
    let y = 0;
    let z = 0;
    for (let k = i * count; k < (i + 1) * count; k++) {
      const share = weight[k] as number;
      const from = (o * n + (index[k] as number)) * 3;
      x += share * (input[from] as number);
      y += share * (input[from + 1] as number);
      z += share * (input[from + 2] as number);
    }
    const to = (o * size + i) * 3;
    output[to] = round ? toByte(x) : x;
    output[to + 1] = round ? toByte(y) : y;
    output[to + 2] = round ? toByte(z) : z;
  }
}

/**
 * The i-th place of the o-th line, places being long rows: whole rows are added, so that memory is read in order. Four at
 * a time, which spares three trips to the sums; past the last, rows repeat with weight 0.
 */
function wideRow({ input, output, n, inner, taps, round }: Job, sums: Float64Array, o: number, i: number): void {
  const { size, count, index, weight } = taps;
  const end = (i + 1) * count;
  sums.fill(0);
  for (let k = i * count; k < end; k += 4) {
    const row = (t: number): number => (o * n + (index[k + t < end ? k + t : k] as number)) * inner;
    const share = (t: number): number => (k + t < end ? (weight[k + t] as number) : 0);
    const [a, b, c, d] = [row(0), row(1), row(2), row(3)];
    const [p, q, r, s] = [share(0), share(1), share(2), share(3)];
    for (let j = 0; j < inner; j++) {
      (sums[j] as number) +=
        p * (input[a + j] as number) +
        q * (input[b + j] as number) +
        r * (input[c + j] as number) +
        s * (input[d + j] as number);
    }
  }
  const to = (o * size + i) * inner;
  for (let j = 0; j < inner; j++) output[to + j] = round ? toByte(sums[j] as number) : (sums[j] as number);
}

/** Applies taps along one axis of `input`; `output` is [outer, taps.size, inner] and is returned. Sums are doubles. */
export function* applyTaps(
  input: Float32Array,
  output: Float32Array,
  axis: Axis,
  taps: Taps,
  store: Store = "as it is",
): Steps<Float32Array> {
  const job: Job = { ...axis, input, output, taps, round: store !== "as it is" };
  const line = axis.inner === 3 ? tripleLine : narrowLine;
  const sums = axis.inner > 8 ? new Float64Array(axis.inner) : undefined;
  for (let o = 0; o < axis.outer; o++) {
    for (let i = 0; sums && i < taps.size; i++) {
      wideRow(job, sums, o, i);
      yield;
    }
    if (!sums) line(job, o);
    yield;
  }
  return output;
}
