import type { Graph, Module, Value } from "./graph.js";
import { add, concat, conv2d, reshape, shapeOf, transpose, unsqueeze } from "./layers.js";
import type { Weights } from "./weights.js";

/**
 * Pixels a side of what one tile gives. The multiplications of a convolution fall to 4/9 for 2 and to 1/4 for 4; its
 * weights grow to 16/9 and to 4 times.
 */
export type WinogradTile = 2 | 4;

type Matrix = readonly (readonly number[])[];

/** Bᵀ, G and Aᵀ of F(m, 3): m outputs of a filter with 3 taps from m + 2 inputs (Lavin and Gray, 2016). */
const TRANSFORMS: Readonly<
  Record<WinogradTile, { readonly input: Matrix; readonly filter: Matrix; readonly output: Matrix }>
> = {
  2: {
    input: [
      [1, 0, -1, 0],
      [0, 1, 1, 0],
      [0, -1, 1, 0],
      [0, 1, 0, -1],
    ],
    filter: [
      [1, 0, 0],
      [1 / 2, 1 / 2, 1 / 2],
      [1 / 2, -1 / 2, 1 / 2],
      [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 0],
      [0, 1, -1, -1],
    ],
  },
  4: {
    input: [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ],
    filter: [
      [1 / 4, 0, 0],
      [-1 / 6, -1 / 6, -1 / 6],
      [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6],
      [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 1, 1, 0],
      [0, 1, -1, 2, -2, 0],
      [0, 1, 1, 4, 4, 0],
      [0, 1, -1, 8, -8, 1],
    ],
  },
};

/** With fewer channels in or out, the transforms cost what the multiplications save. */
const MIN_CHANNELS = 128;

/**
 * `conv2d(w)` for a 3×3 kernel, by Winograd's minimal filtering where the graph's options allow it and the layer is
 * wide enough for it to pay. It is right for any height and width. Float32 results differ from the direct ones by about
 * 1e-6 of the largest for tiles of 2 and 1e-5 for tiles of 4.
 *
 * Every (m+2)×(m+2) patch of a channel becomes as many numbers, which meet only their likes of other channels: one
 * matrix product for each. Transforming patches is a strided convolution of single channels, transforming products
 * back a multiplication by one small matrix, and the kernels are transformed when the session is created.
 */
export const winogradConv2d =
  (w: Weights, tile: WinogradTile): Module =>
  (x) => {
    const [outputs = 0, inputs = 0, ...kernel] = w.shape("weight");
    const fits = kernel.join() === "3,3" && Math.min(outputs, inputs) >= MIN_CHANNELS;
    if (!fits || x.graph.options.convolution === "direct") return conv2d(w)(x);
    const { graph } = x;
    const { input, filter, output } = TRANSFORMS[tile];
    const parts = (tile + 2) ** 2;

    const taps = graph.weight(w.reshaped("weight", [outputs * inputs, 9])).pipe(transpose(1, 0));
    const filters = graph.op("MatMul", [both(graph, filter), taps]).pipe(reshape(parts, outputs, inputs));

    const patches = patchesOf(x.pipe(reshape(-1, 1, 0, 0)), input, tile); // [B·in, parts, rows, columns]
    const perPart = patches.pipe(reshape(0, 0, -1), unsqueeze(0), reshape(-1, inputs, 0, 0), transpose(0, 2, 1, 3));
    const products = graph.op("MatMul", [filters, perPart]); // [B, parts, out, rows·columns]

    const pixels = graph.op("MatMul", [both(graph, output), products.pipe(reshape(0, 0, -1))]);
    const y = crop(mosaic(pixels, patches, tile, outputs), x);
    const bias = w.has("bias") && graph.weight(w.reshaped("bias", [outputs, 1, 1]));
    return bias ? add(y, bias) : y;
  };

/** Transformed patches of single channels [N,1,H,W], one for every `tile` pixels either way, the last beyond the edge. */
const patchesOf = (planes: Value, input: Matrix, tile: number): Value => {
  const side = tile + 2;
  const kernels = both(planes.graph, input, [side * side, 1, side, side]);
  const attributes = { kernel_shape: [side, side], pads: [1, 1, tile, tile], strides: [tile, tile] };
  return planes.graph.op("Conv", [planes, kernels], attributes);
};

/** Lays the pixels of tiles [B, tile², C·rows·columns] side by side: [B, C, rows·tile, columns·tile]. */
function mosaic(pixels: Value, patches: Value, tile: number, channels: number): Value {
  const { graph } = pixels;
  const leading = graph.constant([-1, tile * tile * channels], { dtype: "int64" });
  const tiles = graph.op("Reshape", [pixels, concat(0, leading, shapeOf(patches, 2, 4))]);
  return graph.op("DepthToSpace", [tiles], { blocksize: tile, mode: "DCR" });
}

/** Keeps the height and width of another value. */
function crop(y: Value, like: Value): Value {
  const ints = (...values: number[]) => y.graph.constant(values, { dtype: "int64" });
  return y.graph.op("Slice", [y, ints(0, 0), shapeOf(like, 2, 4), ints(2, 3)]);
}

/** A transformation of rows and columns at once: the Kronecker product of a matrix with itself. */
function both(graph: Graph, matrix: Matrix, dims?: readonly number[]): Value {
  const values = matrix.flatMap((a) => matrix.flatMap((b) => a.flatMap((x) => b.map((y) => x * y))));
  return graph.constant(values, { dims: dims ?? [matrix.length ** 2, (matrix[0]?.length ?? 0) ** 2] });
}
