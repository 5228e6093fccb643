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

/** Keys' cubic convolution (1981) of parameter `a`, at distance `x` from a place. */
export function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

function bicubic(from: number, to: number): Taps {
  const scale = Math.fround(from / to);
  return makeTaps(to, 4, (i) => {
    const place = centre(i, scale);
    const low = Math.floor(place);
    return [-1, 0, 1, 2].map((k) => [clamp(low + k, from - 1), cubic(place - low - k, -0.75)] as const);
  });
}

/** The methods that are weighted sums along each axis, as `torch.nn.functional.interpolate` has them. */
export const TAPS = { "nearest-exact": nearestExact, bilinear, area, bicubic } satisfies Record<
  string,
  (from: number, to: number) => Taps
>;
