import { elements } from "@mezzotint/engine";
import { type Image, type Mask, newTensor } from "@mezzotint/nodes-core";
import { cutWindow } from "../sampling/areas.js";
import { resizeMask, rounded } from "../sampling/mask-planes.js";

/** A picture without what a mask selects, and the mask over it, both cut to whole latent cells. */
export interface MaskedPicture {
  /** [batch, height, width, channels], grey where the mask selects more than half. */
  readonly grey: Image;
  /** [1 or batch, height, width], as it was but for its size. */
  readonly mask: Mask;
}

/**
 * Greys what a mask selects of pictures. The mask is stretched over the picture first; what is over a multiple of
 * `factor` pixels is cut off evenly at both sides of both, as the autoencoder cuts pictures.
 */
export function maskedPicture(pixels: Image, mask: Mask, factor: number): MaskedPicture {
  const [batch = 0, height = 0, width = 0, channels = 0] = pixels.dims;
  if (pixels.dims.length !== 4 || channels < 3 || elements(pixels.dims) !== pixels.data.length) {
    throw new Error(`a picture is [batch, height, width, 3 channels]; this one is [${pixels.dims.join(", ")}]`);
  }
  const planes = resizeMask(mask, width, height);
  const items = planes.dims[0]!;
  if (items !== 1 && items !== batch) {
    throw new Error(`${items} masks for ${batch} pictures: give one for each, or one for all`);
  }
  const [tall, wide] = [height - (height % factor), width - (width % factor)];
  const window = { height: tall, width: wide, y: (height - tall) >> 1, x: (width - wide) >> 1 };
  const cut = cutWindow(planes, window).data;
  const grey = newTensor(batch, tall, wide, channels);
  const cells = tall * wide;
  for (let item = 0; item < batch; item++) {
    for (let cell = 0; cell < cells; cell++) {
      const keeps = 1 - rounded(cut[(item % items) * cells + cell]!);
      const [row, column] = [Math.floor(cell / wide), cell % wide];
      const from = ((item * height + window.y + row) * width + window.x + column) * channels;
      const to = (item * cells + cell) * channels;
      for (let c = 0; c < channels; c++) {
        const value = pixels.data[from + c]!;
        grey.data[to + c] = c < 3 ? (value - 0.5) * keeps + 0.5 : value;
      }
    }
  }
  return { grey, mask: { dims: [items, tall, wide], data: cut } };
}

/**
 * A mask [batch, height, width] with what it selects grown: 1 for each pixel that has a selected one among the `by` rows
 * and columns around it, one more of them before than after it when `by` is even. All or nothing; 0 does not grow.
 */
export function grownMask({ dims, data }: Mask, by: number): Mask {
  const [items = 0, height = 0, width = 0] = dims;
  const hard = data.map(rounded);
  if (by === 0) return { dims, data: hard };
  const rows = spreadAlong(hard, { outer: items * height, length: width, inner: 1 }, by);
  return { dims, data: spreadAlong(rows, { outer: items, length: height, inner: width }, by) };
}

/** Along the middle axis of [outer, length, inner]: whether any of the `by` values around each is not 0. */
function spreadAlong(
  data: Float32Array,
  { outer, length, inner }: { outer: number; length: number; inner: number },
  by: number,
): Float32Array {
  const before = Math.ceil((by - 1) / 2);
  const out = new Float32Array(data.length);
  for (let line = 0; line < outer * inner; line++) {
    const start = Math.floor(line / inner) * length * inner + (line % inner);
    let last = Number.NEGATIVE_INFINITY; // The last selected place among those that the window has reached.
    for (let i = 0, reached = 0; i < length; i++) {
      for (; reached < length && reached <= i - before + by - 1; reached++) {
        if (data[start + reached * inner] !== 0) last = reached;
      }
      if (last >= i - before) out[start + i * inner] = 1;
    }
  }
  return out;
}
