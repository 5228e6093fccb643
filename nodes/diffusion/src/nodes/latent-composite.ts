import { bool, defineNode, int, link, optional, type Tensor } from "@mezzotint/engine";
import { MASK, planeDims, resizePlanes } from "@mezzotint/nodes-core";
import { resizeMask } from "../sampling/mask-planes.js";
import { LATENT } from "../sockets.js";
import { CELL } from "./latent.js";

const pixels = (tooltip: string) => int({ default: 0, min: 0, max: 16_384, step: 8, tooltip });
const place = {
  x: pixels("Where its left edge comes to lie, in pixels."),
  y: pixels("Where its upper edge comes to lie, in pixels."),
};

/** ComfyUI's LatentComposite. */
export const latentComposite = defineNode({
  id: "LatentComposite",
  title: "Latent Composite",
  category: "latent",
  doc: "Pastes latents onto others. What lies outside is cut off; edges inside can fade.",
  inputs: {
    samples_to: link(LATENT, { tooltip: "The latents to paste onto." }),
    samples_from: link(LATENT, { tooltip: "The latents to paste." }),
    ...place,
    feather: pixels("Over how many pixels an edge fades."),
  },
  outputs: { LATENT },
  run: ({ samples_to, samples_from, x, y, feather }) => {
    const [batch, , height, width] = planeDims(samples_to.samples);
    const from = samples_from.samples;
    const [items, , fullHeight, fullWidth] = planeDims(from);
    if (items !== 1 && items !== batch)
      throw new Error(`${items} latents cannot be pasted onto ${batch}: there must be one, or as many`);
    const [left, top, fade] = [x, y, feather].map(cells) as [number, number, number];
    const rows = Math.min(fullHeight, Math.max(0, height - top));
    const columns = Math.min(fullWidth, Math.max(0, width - left));
    const down = fading(rows, fade, { start: top !== 0, end: top + rows < height });
    const across = fading(columns, fade, { start: left !== 0, end: left + columns < width });
    const weight = (_: number, i: number, j: number) => (down[i] ?? 0) * (across[j] ?? 0);
    return { LATENT: { ...samples_to, samples: pasted(samples_to.samples, from, { left, top }, weight) } };
  },
});

/** ComfyUI's LatentCompositeMasked. */
export const latentCompositeMasked = defineNode({
  id: "LatentCompositeMasked",
  title: "Latent Composite Masked",
  category: "latent",
  doc: "Pastes latents onto others where a mask selects them; everywhere without one. What lies outside is cut off.",
  inputs: {
    destination: link(LATENT, { tooltip: "The latents to paste onto." }),
    source: link(LATENT, { tooltip: "The latents to paste. Used again if there are fewer." }),
    ...place,
    resize_source: bool({ default: false, tooltip: "Makes what is pasted as large as what it is pasted onto." }),
    mask: optional(
      link(MASK, { tooltip: "Which parts are pasted: 1 is all, 0 nothing. It is resized to the source." }),
    ),
  },
  outputs: { LATENT },
  resources: ["cpu"],
  run: ({ destination, source, x, y, resize_source, mask }) => {
    const [, , height, width] = planeDims(destination.samples);
    const from = resize_source ? resizePlanes(source.samples, width, height, "bilinear") : source.samples;
    const weight = mask ? maskWeight(mask, from) : () => 1;
    const at = { left: cells(x), top: cells(y) };
    return { LATENT: { ...destination, samples: pasted(destination.samples, from, at, weight) } };
  },
});

const cells = (size: number): number => Math.floor(size / CELL);

/** How much of the pasted latent counts at a cell of it, 0 to 1. */
type Weight = (item: number, row: number, column: number) => number;

/** A copy of latents with others pasted in: items again and again if they are fewer, what lies outside cut off. */
function pasted(to: Tensor, from: Tensor, { left, top }: { left: number; top: number }, weight: Weight): Tensor {
  const [batch, channels, height, width] = planeDims(to);
  const [items, own, rows, columns] = planeDims(from);
  if (own !== channels)
    throw new Error(
      `latents of ${own} channels cannot be pasted onto latents of ${channels}: they are of other models`,
    );
  const data = to.data.slice();
  for (let item = 0; item < batch; item++)
    for (let i = Math.max(0, -top); i < Math.min(rows, height - top); i++)
      for (let j = Math.max(0, -left); j < Math.min(columns, width - left); j++) {
        const part = weight(item, i, j);
        for (let c = 0; c < channels; c++) {
          const at = ((item * channels + c) * height + top + i) * width + left + j;
          const value = from.data[(((item % items) * channels + c) * rows + i) * columns + j] as number;
          data[at] = part * value + (1 - part) * (data[at] as number);
        }
      }
  return { dims: to.dims, data };
}

/**
 * How much each row or column of a pasted latent counts: less and less towards the edges that fade. When it is smaller
 * than the fading, ComfyUI's ramp from the end goes on from the other side, and its pictures have it so.
 */
function fading(size: number, feather: number, fades: { start: boolean; end: boolean }): Float32Array {
  const weights = new Float32Array(size).fill(1);
  const scale = (i: number, t: number) => {
    if (i >= 0 && i < size) weights[i] = (weights[i] as number) * ((1 / feather) * (t + 1));
  };
  for (let t = 0; t < Math.min(feather, 2 * size); t++) {
    if (fades.start) scale(t, t);
    if (fades.end) scale(t < size ? size - 1 - t : t > size ? 2 * size - 1 - t : -1, t);
  }
  return weights;
}

/** A mask resized to a latent's cells; masks are used again if they are fewer. */
function maskWeight(mask: Tensor, like: Tensor): Weight {
  const [, , rows, columns] = planeDims(like);
  const { dims, data } = resizeMask(mask, columns, rows);
  const count = dims[0]!;
  return (item, i, j) => data[((item % count) * rows + i) * columns + j]!;
}
