import type { Image } from "../sockets.js";
import type { Steps } from "../steps.js";
import { imageDims, newTensor } from "./allocate.js";
import { convolved, gaussian } from "./blur.js";
import { roundHalfEven } from "./resize.js";

/** Keeps the magnitude of a flat place above 0, as kornia does. */
const EPSILON = 1e-6;

/** The eight neighbours, anticlockwise as a picture is shown upside down: to the right, below right, below, … */
const NEIGHBOURS = [
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
] as const;

/** BT.601 luma, [batch, height, width, 1]; a picture of one channel is its own. */
function luma(image: Image): Image {
  const [batch, height, width, channels] = imageDims(image);
  const grey = newTensor(batch, height, width, 1);
  if (channels < 3) {
    for (let i = 0; i < grey.data.length; i++) grey.data[i] = image.data[i * channels] as number;
    return grey;
  }
  for (let i = 0, from = 0; i < grey.data.length; i++, from += channels) {
    const [r, g, b] = [image.data[from], image.data[from + 1], image.data[from + 2]] as [number, number, number];
    grey.data[i] = 0.299 * r + 0.587 * g + 0.114 * b;
  }
  return grey;
}

/** A plane of a picture, and what has been found of it so far: each is [height, width]. */
interface Plane {
  readonly height: number;
  readonly width: number;
  readonly grey: Float32Array;
  readonly gx: Float32Array;
  readonly gy: Float32Array;
  readonly magnitude: Float32Array;
  /** Magnitudes where they are largest along their own direction (to 45 degrees), elsewhere 0. */
  readonly ridge: Float32Array;
  readonly edges: Float32Array;
}

/** Sobel's gradient of a row, and its magnitude; the plane's border is repeated outwards. */
function gradientRow({ grey, gx, gy, magnitude, height, width }: Plane, y: number): void {
  const [above, row, below] = [Math.max(y - 1, 0) * width, y * width, Math.min(y + 1, height - 1) * width];
  const at = (place: number): number => grey[place] as number;
  for (let x = 0; x < width; x++) {
    const [left, right] = [Math.max(x - 1, 0), Math.min(x + 1, width - 1)];
    const [nw, ne, sw, se] = [at(above + left), at(above + right), at(below + left), at(below + right)];
    const dx = Math.fround(ne - nw + 2 * (at(row + right) - at(row + left)) + se - sw);
    const dy = Math.fround(sw - nw + 2 * (at(below + x) - at(above + x)) + se - ne);
    gx[row + x] = dx;
    gy[row + x] = dy;
    magnitude[row + x] = Math.sqrt(dx * dx + dy * dy + EPSILON);
  }
}

/** The magnitude of a place without a gradient. */
const FLAT = Math.fround(Math.sqrt(EPSILON));

/** The ridges of a row. Of two equal neighbours across an edge the left or upper one stays. */
function ridgeRow({ gx, gy, magnitude, ridge, height, width }: Plane, y: number): void {
  const beats = (value: number, x: number, direction: number): boolean => {
    const [dx, dy] = NEIGHBOURS[direction] as readonly [number, number];
    const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
    const other = inside ? (magnitude[(y + dy) * width + x + dx] as number) : FLAT;
    return value > other || (value === other && (direction === 0 || direction === 2));
  };
  for (let x = 0, i = y * width; x < width; x++, i++) {
    const value = magnitude[i] as number;
    // Written so that what is not a number is no edge.
    if (!(value > FLAT)) continue;
    const turns = roundHalfEven(Math.atan2(gy[i] as number, gx[i] as number) * (4 / Math.PI));
    const direction = (turns + 8) % 8;
    if (beats(value, x, direction) && beats(value, x, (direction + 4) % 8)) ridge[i] = value;
  }
}

/**
 * Marks 1 where a ridge of a row is above `high`, and wherever one above `low` is joined to it by others, corners
 * included. Each place is taken once: `open` has room for all of them.
 */
function traceRow(
  { ridge, edges, height, width }: Plane,
  y: number,
  low: number,
  high: number,
  open: Int32Array,
): void {
  let count = 0;
  const take = (i: number): void => {
    edges[i] = 1;
    open[count++] = i;
  };
  for (let i = y * width; i < (y + 1) * width; i++) if ((ridge[i] as number) > high && edges[i] === 0) take(i);
  while (count > 0) {
    const i = open[--count] as number;
    const [x, line] = [i % width, Math.floor(i / width)];
    for (const [dx, dy] of NEIGHBOURS) {
      if (x + dx < 0 || x + dx >= width || line + dy < 0 || line + dy >= height) continue;
      const j = i + dy * width + dx;
      if (edges[j] === 0 && (ridge[j] as number) > low) take(j);
    }
  }
}

/**
 * Canny's edges (1986), [batch, height, width, 1], 0 or 1, as kornia finds them: luma, Gaussian of 5×5 and sigma 1,
 * Sobel. `low` and `high` are bounds of the gradient's magnitude, which of values in 0..1 reaches about 2.6. Also gives
 * the magnitudes along ridges.
 */
export function* canny(image: Image, low: number, high: number): Steps<{ edges: Image; magnitude: Image }> {
  const [batch, height, width] = imageDims(image);
  const blurred = yield* convolved(luma(image), gaussian(2, 1));
  const edges = newTensor(batch, height, width, 1);
  const magnitude = newTensor(batch, height, width, 1);
  const [weak, strong] = [Math.fround(low), Math.fround(high)];
  const size = height * width;
  const [gx, gy, steepness] = [newTensor(size).data, newTensor(size).data, newTensor(size).data];
  const open = new Int32Array(size);
  for (let b = 0; b < batch; b++) {
    const [grey, ridge, found] = [blurred, magnitude, edges].map(({ data }) => data.subarray(b * size, (b + 1) * size));
    const plane = { height, width, grey, gx, gy, magnitude: steepness, ridge, edges: found } as Plane;
    const passes = [gradientRow, ridgeRow, (of: Plane, y: number) => traceRow(of, y, weak, strong, open)];
    for (const pass of passes) {
      for (let y = 0; y < height; y++) {
        pass(plane, y);
        yield;
      }
    }
  }
  return { edges, magnitude };
}
