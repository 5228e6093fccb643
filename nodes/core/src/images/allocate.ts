import { elements, type Tensor } from "@mezzotint/engine";

/** The most float32 values that one tensor may hold: 4 GiB. */
const MAX_ELEMENTS = 2 ** 30;

/**
 * A tensor of zeros. Throws before allocating, naming the shape, if it would take over 4 GiB or if an extent is not a
 * whole number: links bring what no widget would.
 */
export function newTensor(...dims: number[]): Tensor {
  if (dims.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new RangeError(`there is no tensor of ${dims.join(" × ")}: extents are whole numbers`);
  }
  const count = elements(dims);
  if (count > MAX_ELEMENTS) {
    const gigabytes = ((count * 4) / 2 ** 30).toFixed(1);
    throw new RangeError(`a tensor of ${dims.join(" × ")} would take ${gigabytes} GiB; the limit is 4 GiB`);
  }
  return { dims, data: new Float32Array(count) };
}

/** Four extents, from the outermost. */
export type Extents = readonly [number, number, number, number];

function extents({ dims, data }: Tensor, what: string): Extents {
  if (dims.length !== 4 || dims.some((n) => !(n > 0)) || elements(dims) !== data.length) {
    throw new Error(`${what}, none of them 0; this is [${dims.join(", ")}] with ${data.length} values`);
  }
  return dims as unknown as Extents;
}

/** The extents of an image, [batch, height, width, channels]. Throws for a tensor that is not one. */
export const imageDims = (x: Tensor): Extents => extents(x, "an image is [batch, height, width, channels]");

/** The extents of planes, [batch, channels, height, width]. Throws for a tensor that is not such. */
export const planeDims = (x: Tensor): Extents => extents(x, "planes are [batch, channels, height, width]");

/** Masks as images of one channel, [batch, height, width, 1], of the same data. A mask without a batch is a batch of one. */
export function maskAsImage({ dims, data }: Tensor): Tensor {
  const [width = 0, height = 0] = [dims.at(-1), dims.at(-2)];
  const batch = elements(dims.slice(0, -2));
  if (dims.length < 2 || dims.some((n) => !(n > 0)) || elements(dims) !== data.length) {
    throw new Error(`a mask is [batch, height, width], none of them 0; this is [${dims.join(", ")}]`);
  }
  return { dims: [batch, height, width, 1], data };
}

/** Images of one channel as masks, [batch, height, width], of the same data. */
export const imageAsMask = ({ dims: [batch = 0, height = 0, width = 0], data }: Tensor): Tensor => ({
  dims: [batch, height, width],
  data,
});
