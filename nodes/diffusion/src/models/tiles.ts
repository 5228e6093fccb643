import type { Tensor } from "@mezzotint/engine";
import { newTensor } from "@mezzotint/nodes-core";

/** How planes are cut into tiles: their size, and how far neighbours overlap, in cells of what goes in. */
export interface TileShape {
  readonly height: number;
  readonly width: number;
  /** Less than the height and the width. */
  readonly overlap: number;
}

/** What is done to each tile. */
export interface TileWork {
  /** Cells a side that come out for one that goes in: 8, or 1/8. Tiles and overlaps must come out whole. */
  readonly ratio: number;
  readonly channels: number;
  readonly code: (tile: Tensor) => Promise<Tensor>;
}

/** Square tiles, tall ones and wide ones of the same area: their seams fall on different places. */
export const threeShapes = (side: number, overlap: number): readonly TileShape[] => [
  { height: 2 * side, width: Math.floor(side / 2), overlap },
  { height: Math.floor(side / 2), width: 2 * side, overlap },
  { height: side, width: side, overlap },
];

/** Where tiles start along one axis. The last may be shorter. */
function startsOf(size: number, tile: number, overlap: number): readonly number[] {
  if (size <= tile) return [0];
  const step = tile - overlap;
  return Array.from({ length: Math.ceil((size - overlap) / step) }, (_, i) => i * step);
}

/** How many tiles planes of this size are cut into. */
export const tileCount = (height: number, width: number, shape: TileShape): number =>
  startsOf(height, shape.height, shape.overlap).length * startsOf(width, shape.width, shape.overlap).length;

/**
 * Codes planes [1,C,H,W] in tiles of each shape, and takes the mean of the results (ComfyUI's tiled VAE). Where tiles
 * overlap, each counts the less the nearer its edge is.
 */
export async function codeInTiles(planes: Tensor, shapes: readonly TileShape[], work: TileWork): Promise<Tensor> {
  const [, , height = 0, width = 0] = planes.dims;
  const mean = newTensor(1, work.channels, Math.round(height * work.ratio), Math.round(width * work.ratio));
  for (const shape of shapes) {
    const { dims, data } = await codeShape(planes, shape, work, mean.dims);
    if (dims.join() !== mean.dims.join()) throw new Error(`tiles came out as [${dims}], not as [${mean.dims}]`);
    for (let i = 0; i < data.length; i++) mean.data[i] = (mean.data[i] as number) + (data[i] as number);
  }
  return { dims: mean.dims, data: mean.data.map((sum) => sum / shapes.length) };
}

async function codeShape(
  planes: Tensor,
  shape: TileShape,
  { ratio, channels, code }: TileWork,
  dims: readonly number[],
): Promise<Tensor> {
  const [, , height = 0, width = 0] = planes.dims;
  if (height <= shape.height && width <= shape.width) return code(planes);
  const [, , outHeight = 0, outWidth = 0] = dims;
  const sum = newTensor(...dims);
  const weights = new Float32Array(outHeight * outWidth);
  const feather = Math.round(shape.overlap * ratio);
  for (const y of startsOf(height, shape.height, shape.overlap))
    for (const x of startsOf(width, shape.width, shape.overlap)) {
      const tile = await code(cut(planes, y, x, shape));
      const [, , rows = 0, columns = 0] = tile.dims;
      const [down, across] = [ramp(rows, feather), ramp(columns, feather)];
      const [top, left] = [Math.round(y * ratio), Math.round(x * ratio)];
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          const weight = (down[i] as number) * (across[j] as number);
          const to = (top + i) * outWidth + left + j;
          weights[to] = (weights[to] as number) + weight;
          for (let c = 0; c < channels; c++) {
            const at = c * weights.length + to;
            sum.data[at] = (sum.data[at] as number) + weight * (tile.data[(c * rows + i) * columns + j] as number);
          }
        }
    }
  return { dims, data: sum.data.map((value, i) => value / (weights[i % weights.length] as number)) };
}

/** A tile of planes, shorter where they end. */
function cut({ dims, data }: Tensor, y: number, x: number, shape: TileShape): Tensor {
  const [, channels = 0, height = 0, width = 0] = dims;
  const rows = Math.min(shape.height, height - y);
  const columns = Math.min(shape.width, width - x);
  const tile = new Float32Array(channels * rows * columns);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < rows; i++) {
      const from = (c * height + y + i) * width + x;
      tile.set(data.subarray(from, from + columns), (c * rows + i) * columns);
    }
  return { dims: [1, channels, rows, columns], data: tile };
}

/** How much the cells of a tile count along one axis: less and less towards both ends, unless it is all overlap. */
function ramp(size: number, feather: number): Float32Array {
  const weights = new Float32Array(size).fill(1);
  if (feather >= size) return weights;
  for (let t = 0; t < feather; t++)
    for (const i of [t, size - 1 - t]) weights[i] = (weights[i] as number) * ((t + 1) / feather);
  return weights;
}
