import type { Image } from "../sockets.js";
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

/** Sobel's gradient of one plane, its border repeated outwards. */
function sobel(plane: Float32Array, height: number, width: number): readonly [Float32Array, Float32Array] {
  const gx = new Float32Array(plane.length);
  const gy = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) {
    const [above, row, below] = [Math.max(y - 1, 0) * width, y * width, Math.min(y + 1, height - 1) * width];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(x - 1, 0), Math.min(x + 1, width - 1)];
      const at = (place: number): number => plane[place] as number;
      const [nw, ne, sw, se] = [at(above + left), at(above + right), at(below + left), at(below + right)];
      gx[row + x] = ne - nw + 2 * (at(row + right) - at(row + left)) + se - sw;
      gy[row + x] = sw - nw + 2 * (at(below + x) - at(above + x)) + se - ne;
    }
  }
  return [gx, gy];
}

/**
 * Gradient magnitudes where they are largest along their own direction (to 45 degrees), elsewhere 0. Of two equal
 * neighbours across an edge the left or upper one stays.
 */
function ridges(gx: Float32Array, gy: Float32Array, height: number, width: number): Float32Array {
  const flat = Math.fround(Math.sqrt(EPSILON));
  const magnitude = gx.map((x, i) => Math.sqrt(x * x + (gy[i] as number) ** 2 + EPSILON));
  const beats = (value: number, x: number, y: number, direction: number): boolean => {
    const [dx, dy] = NEIGHBOURS[direction] as readonly [number, number];
    const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
    const other = inside ? (magnitude[(y + dy) * width + x + dx] as number) : flat;
    return value > other || (value === other && (direction === 0 || direction === 2));
  };
  return magnitude.map((value, i) => {
    if (value <= flat) return 0;
    const turns = roundHalfEven(Math.atan2(gy[i] as number, gx[i] as number) * (4 / Math.PI));
    const direction = (turns + 8) % 8;
    const [x, y] = [i % width, Math.floor(i / width)];
    return beats(value, x, y, direction) && beats(value, x, y, (direction + 4) % 8) ? value : 0;
  });
}

/** 1 where a value is above `high`, or above `low` and joined to such a place by others, corners included. */
function traced(values: Float32Array, height: number, width: number, low: number, high: number): Float32Array {
  const edges = new Float32Array(values.length);
  const open: number[] = [];
  const take = (i: number): void => {
    edges[i] = 1;
    open.push(i);
  };
  for (let i = 0; i < values.length; i++) if ((values[i] as number) > high) take(i);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const [x, y] = [i % width, Math.floor(i / width)];
    for (const [dx, dy] of NEIGHBOURS) {
      if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
      const j = i + dy * width + dx;
      if (edges[j] === 0 && (values[j] as number) > low) take(j);
    }
  }
  return edges;
}

/**
 * Canny's edges (1986), [batch, height, width, 1], 0 or 1, as kornia finds them: luma, Gaussian of 5×5 and sigma 1,
 * Sobel. `low` and `high` are bounds of the gradient's magnitude, which of values in 0..1 reaches about 2.6. Also gives
 * the magnitudes along ridges.
 */
export function canny(image: Image, low: number, high: number): { edges: Image; magnitude: Image } {
  const [batch, height, width] = imageDims(image);
  const blurred = convolved(luma(image), gaussian(2, 1));
  const edges = newTensor(batch, height, width, 1);
  const magnitude = newTensor(batch, height, width, 1);
  const [weak, strong] = [Math.fround(low), Math.fround(high)];
  const size = height * width;
  for (let b = 0; b < batch; b++) {
    const [gx, gy] = sobel(blurred.data.subarray(b * size, (b + 1) * size), height, width);
    const ridge = ridges(gx, gy, height, width);
    magnitude.data.set(ridge, b * size);
    edges.data.set(traced(ridge, height, width, weak, strong), b * size);
  }
  return { edges, magnitude };
}
