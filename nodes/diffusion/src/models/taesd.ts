import {
  add,
  conv2d,
  div,
  Graph,
  type Module,
  mul,
  relu,
  sub,
  tanh,
  upsampleNearest,
  type Weights,
  WeightsError,
} from "@mezzotint/engine/onnx";

/** Latents are kept within ±3 of zero, smoothly, before they are decoded. */
const MAGNITUDE = 3;

/**
 * The encoder of a tiny autoencoder (Ollin Boer Bohan's TAESD; diffusers `AutoencoderTiny`). It knows no spread.
 *
 * Input: `image` [B,3,H,W] from -1 to 1. Output: `mean` [B,C,H/f,W/f], scaled as the UNet sees latents.
 */
export function tinyEncoderGraph(w: Weights): Graph {
  const graph = new Graph();
  const layers = layersOf(w, "encoder");
  let x = graph
    .input("image", "float32", ["batch", channelsIn(layers), "height", "width"])
    .pipe((image) => div(add(image, 1), 2));
  // A convolution without a bias halves the size.
  for (const layer of layers)
    x = layer.isBlock ? x.pipe(block(layer.w)) : x.pipe(conv2d(layer.w, { stride: layer.hasBias ? 1 : 2 }));
  graph.output("mean", x);
  return graph;
}

/**
 * The decoder of a tiny autoencoder.
 *
 * Input: `latent` [B,C,h,w], scaled as the UNet sees it. Output: `image` [B,3,h·f,w·f], about -1 to 1.
 */
export function tinyDecoderGraph(w: Weights): Graph {
  const graph = new Graph();
  const layers = layersOf(w, "decoder");
  let x = graph
    .input("latent", "float32", ["batch", channelsIn(layers), "height", "width"])
    .pipe((latent) => mul(tanh(div(latent, MAGNITUDE)), MAGNITUDE));
  for (const [i, layer] of layers.entries()) {
    if (layer.isBlock) x = x.pipe(block(layer.w));
    // A convolution without a bias follows a doubling of the size.
    else x = (layer.hasBias ? x : x.pipe(upsampleNearest(2))).pipe(conv2d(layer.w), i === 0 ? relu : (y) => y);
  }
  graph.output("image", sub(mul(x, 2), 1));
  return graph;
}

/** What weights tell of a tiny autoencoder: the latents' channels, pixels a side per cell, channels at full size. */
export function tinyShape(w: Weights): { channels: number; factor: number; width: number } {
  const decoder = w.has("decoder.layers.0.weight");
  const layers = layersOf(w, decoder ? "decoder" : "encoder");
  const [first, last] = [layers[0], layers.at(-1)] as [Layer, Layer];
  const [out = 0, input = 0] = last.w.shape("weight");
  return {
    channels: decoder ? channelsIn(layers) : out,
    factor: 2 ** layers.filter(({ isBlock, hasBias }) => !isBlock && !hasBias).length,
    width: decoder ? input : (first.w.shape("weight")[0] ?? 0),
  };
}

/** A numbered layer that has weights: a residual block or a 3×3 convolution. */
interface Layer {
  readonly w: Weights;
  readonly isBlock: boolean;
  readonly hasBias: boolean;
}

/** The layers of one half in order; those without weights (activations, doublings) leave gaps in the numbers. */
function layersOf(w: Weights, side: "encoder" | "decoder"): readonly Layer[] {
  const half = w.at(side).at("layers");
  const numbers = new Set(half.keys().map((key) => Number(/^(\d{1,3})\./.exec(key)?.[1] ?? Number.NaN)));
  const layers = [...numbers]
    .filter((n) => !Number.isNaN(n))
    .sort((a, b) => a - b)
    .map((n): Layer => {
      const layer = half.at(n);
      return { w: layer, isBlock: layer.has("conv.0.weight"), hasBias: layer.has("bias") };
    });
  const ends = [layers[0], layers.at(-1)];
  if (layers.length < 2 || ends.some((layer) => !layer || layer.isBlock || layer.w.shape("weight").length !== 4)) {
    const { file } = half.tensor(half.keys()[0] ?? "0.weight");
    throw new WeightsError(
      file,
      undefined,
      `this tiny autoencoder's ${side} does not start and end with a convolution`,
    );
  }
  return layers;
}

const channelsIn = ([first]: readonly Layer[]): number => first?.w.shape("weight")[1] ?? 0;

/** Three convolutions beside a shortcut, and a ReLU over their sum. */
const block =
  (w: Weights): Module =>
  (x) => {
    const conv = w.at("conv");
    const h = x.pipe(conv2d(conv.at(0)), relu, conv2d(conv.at(2)), relu, conv2d(conv.at(4)));
    return relu(add(h, w.has("skip.weight") ? x.pipe(conv2d(w.at("skip"))) : x));
  };
