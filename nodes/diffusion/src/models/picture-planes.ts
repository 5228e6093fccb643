import { elements, type Tensor } from "@mezzotint/engine";
import { newTensor } from "@mezzotint/nodes-core";

/** A height and a width. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

/** One picture of [B,H,W,C] in 0 to 1, its middle cut out, as planes [1,3,H,W] in -1 to 1. */
export function toPlanes({ dims, data }: Tensor, item: number, area: Extent): Tensor {
  const [, height = 0, width = 0, channels = 0] = dims;
  const top = (height - area.height) >> 1;
  const left = (width - area.width) >> 1;
  const plane = area.height * area.width;
  const planes = new Float32Array(3 * plane);
  for (let y = 0; y < area.height; y++)
    for (let x = 0; x < area.width; x++) {
      const from = ((item * height + top + y) * width + left + x) * channels;
      const to = y * area.width + x;
      for (let c = 0; c < 3; c++) planes[c * plane + to] = (data[from + c] ?? 0) * 2 - 1;
    }
  return { dims: [1, 3, area.height, area.width], data: planes };
}

/** Writes planes [1,C,H,W] in about -1 to 1 as one picture of [B,H,W,C] in 0 to 1. */
export function putPicture(pictures: Tensor, item: number, { dims, data }: Tensor): void {
  const [, channels = 0, height = 0, width = 0] = dims;
  const plane = height * width;
  const pixels = pictures.data.subarray(item * data.length, (item + 1) * data.length);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < plane; i++)
      pixels[i * channels + c] = Math.min(1, Math.max(0, ((data[c * plane + i] ?? 0) + 1) / 2));
}

/** One item of a batch, as a batch of one. */
export function itemOf({ dims: [, ...dims], data }: Tensor, item: number): Tensor {
  const size = elements(dims);
  return { dims: [1, ...dims], data: data.slice(item * size, (item + 1) * size) };
}

/** Batches of one, one after the other. */
export function batched(items: readonly Tensor[]): Tensor {
  const [first] = items;
  if (!first || items.length === 1) return first ?? { dims: [0], data: new Float32Array() };
  const batch = newTensor(items.length, ...first.dims.slice(1));
  for (const [i, { data }] of items.entries()) batch.data.set(data, i * data.length);
  return batch;
}
