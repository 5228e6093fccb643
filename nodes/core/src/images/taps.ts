/** How each place along a new axis is a weighted sum of `count` places of the old: `index` and `weight` [size × count]. */
export interface Taps {
  readonly size: number;
  readonly count: number;
  readonly index: Int32Array;
  readonly weight: Float64Array;
}

/** Fills a table of taps: `at(i)` yields the places and weights of the new place `i`. Fewer than `count` is fine. */
export function makeTaps(
  size: number,
  count: number,
  at: (i: number) => Iterable<readonly [index: number, weight: number]>,
): Taps {
  const index = new Int32Array(size * count);
  const weight = new Float64Array(size * count);
  for (let i = 0; i < size; i++) {
    let k = i * count;
    for (const [place, share] of at(i)) {
      index[k] = place;
      weight[k] = share;
      k++;
    }
    // Unused taps repeat a place that is read anyway, with weight 0.
    for (; k < (i + 1) * count; k++) index[k] = index[i * count] as number;
  }
  return { size, count, index, weight };
}

/**
 * The place of the new axis' i-th centre on the old axis, in torch's float32 steps (align_corners = false): rounding
 * decides which neighbour a centre between two belongs to.
 */
const centre = (i: number, scale: number): number => Math.fround(Math.fround(scale * (i + 0.5)) - 0.5);

const clamp = (n: number, last: number): number => Math.min(Math.max(n, 0), last);

function nearestExact(from: number, to: number): Taps {
  const scale = Math.fround(from / to);
  return makeTaps(to, 1, (i) => [[Math.min(Math.floor(Math.fround(scale * (i + 0.5))), from - 1), 1]]);
}

/** Linear interpolation's lower neighbour and how far beyond it each new place lies. */
export function linearPlaces(from: number, to: number): { lower: Int32Array; ratio: Float64Array } {
  const scale = Math.fround(from / to);
  const lower = new Int32Array(to);
  const ratio = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const place = Math.max(centre(i, scale), 0);
    lower[i] = Math.min(Math.floor(place), from - 1);
    ratio[i] = place - (lower[i] as number);
  }
  return { lower, ratio };
}

function bilinear(from: number, to: number): Taps {
  const { lower, ratio } = linearPlaces(from, to);
  return makeTaps(to, 2, (i) => {
    const low = lower[i] as number;
    const share = ratio[i] as number;
    return [
      [low, 1 - share],
      [Math.min(low + 1, from - 1), share],
    ];
  });
}

/** Averages the old places that a new one touches, as torch's adaptive average pooling. */
function area(from: number, to: number): Taps {
  const start = (i: number): number => Math.floor((i * from) / to);
  const end = (i: number): number => Math.ceil(((i + 1) * from) / to);
  return makeTaps(to, Math.ceil(from / to) + 1, (i) =>
    Array.from({ length: end(i) - start(i) }, (_, k) => [start(i) + k, 1 / (end(i) - start(i))] as const),
  );
}

/** Keys' cubic convolution (1981) with torch's a = -0.75, at distance `x` from a place. */
function cubic(x: number): number {
  const a = -0.75;
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

function bicubic(from: number, to: number): Taps {
  const scale = Math.fround(from / to);
  return makeTaps(to, 4, (i) => {
    const place = centre(i, scale);
    const low = Math.floor(place);
    return [-1, 0, 1, 2].map((k) => [clamp(low + k, from - 1), cubic(place - low - k)] as const);
  });
}

/** The methods that are weighted sums along each axis, as `torch.nn.functional.interpolate` has them. */
export const TAPS = { "nearest-exact": nearestExact, bilinear, area, bicubic } satisfies Record<
  string,
  (from: number, to: number) => Taps
>;

/** Data seen as [outer, n, inner], of which the middle axis is resized. */
export interface Axis {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** What becomes of a sum before it is stored. */
type Store = "as it is" | "rounded to a byte";

const toByte = (sum: number): number => Math.min(Math.max(Math.floor(sum + 0.5), 0), 255);

/** Taps along an axis whose places are a few values each: sums stay in registers. */
function applyNarrow(input: Float32Array, output: Float32Array, { outer, n, inner }: Axis, taps: Taps, round: boolean) {
  const { size, count, index, weight } = taps;
  for (let o = 0; o < outer; o++) {
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
}

/** `applyNarrow` for three values a place, the pixels of nearly every picture: one look-up serves all three. */
function applyTriples(input: Float32Array, output: Float32Array, { outer, n }: Axis, taps: Taps, round: boolean) {
  const { size, count, index, weight } = taps;
  for (let o = 0; o < outer; o++) {
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
}

/**
 * Taps along an axis whose places are long rows: whole rows are added, so that memory is read in order. Four at a time,
 * which spares three trips to the sums; past the last, rows repeat with weight 0.
 */
function applyWide(input: Float32Array, output: Float32Array, { outer, n, inner }: Axis, taps: Taps, round: boolean) {
  const { size, count, index, weight } = taps;
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < size; i++) {
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
  }
}

/** Applies taps along one axis of `input`; `output` is [outer, taps.size, inner] and is returned. Sums are doubles. */
export function applyTaps(
  input: Float32Array,
  output: Float32Array,
  axis: Axis,
  taps: Taps,
  store: Store = "as it is",
): Float32Array {
  (axis.inner > 8 ? applyWide : axis.inner === 3 ? applyTriples : applyNarrow)(
    input,
    output,
    axis,
    taps,
    store !== "as it is",
  );
  return output;
}
