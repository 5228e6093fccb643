import { defineNode, int, link, type Tensor } from "@mezzotint/engine";
import { newTensor, planeDims } from "@mezzotint/nodes-core";
import { LATENT } from "../sockets.js";

/** ComfyUI's LatentFromBatch: both numbers are brought into the batch. */
export const latentFromBatch = defineNode({
  id: "LatentFromBatch",
  title: "Latent From Batch",
  category: "latent/batch",
  doc: "Takes some latents out of a batch. They keep the noise that they would have had in it.",
  inputs: {
    samples: link(LATENT),
    batch_index: int({ default: 0, min: 0, max: 63, tooltip: "Which is the first, counted from 0." }),
    length: int({ default: 1, min: 1, max: 64, tooltip: "How many." }),
  },
  outputs: { LATENT },
  run: ({ samples: latent, batch_index, length }) => {
    const [batch] = planeDims(latent.samples);
    const start = Math.max(0, Math.min(batch - 1, batch_index));
    const items = Array.from({ length: Math.max(1, Math.min(batch - start, length)) }, (_, i) => start + i);
    const { noise_mask: masks, batch_index: draws } = latent;
    return {
      LATENT: {
        ...latent,
        samples: taken(latent.samples, items),
        // One mask is for all; fewer masks than latents are used again and again.
        ...(masks && masks.dims[0] !== 1 ? { noise_mask: taken(masks, items) } : {}),
        batch_index: draws ? draws.slice(start, start + items.length) : items,
      },
    };
  },
});

/** ComfyUI's RepeatLatentBatch. Latents that have draws of their own get further ones, as far apart as the first. */
export const repeatLatentBatch = defineNode({
  id: "RepeatLatentBatch",
  title: "Repeat Latent Batch",
  category: "latent/batch",
  doc: "Repeats a whole batch of latents. Each copy gets other noise.",
  inputs: { samples: link(LATENT), amount: int({ default: 1, min: 1, max: 64, tooltip: "How often." }) },
  outputs: { LATENT },
  run: ({ samples: latent, amount }) => {
    const { noise_mask: masks, batch_index: draws } = latent;
    return {
      LATENT: {
        ...latent,
        samples: repeated(latent.samples, amount),
        ...(masks && masks.dims[0] !== 1 ? { noise_mask: repeated(masks, amount) } : {}),
        ...(draws ? { batch_index: furtherDraws(draws, amount) } : {}),
      },
    };
  },
});

/** Items of a batch, by number; numbers beyond its end start again. */
function taken({ dims: [batch = 1, ...dims], data }: Tensor, items: readonly number[]): Tensor {
  const result = newTensor(items.length, ...dims);
  const size = data.length / batch;
  for (const [i, item] of items.entries()) {
    const from = (item % batch) * size;
    result.data.set(data.subarray(from, from + size), i * size);
  }
  return result;
}

function repeated({ dims: [batch = 0, ...dims], data }: Tensor, amount: number): Tensor {
  const result = newTensor(batch * amount, ...dims);
  for (let i = 0; i < amount; i++) result.data.set(data, i * data.length);
  return result;
}

function furtherDraws(draws: readonly number[], amount: number): readonly number[] {
  const apart = draws.reduce((a, b) => Math.max(a, b), 0) - draws.reduce((a, b) => Math.min(a, b), Infinity) + 1;
  return Array.from({ length: amount }, (_, i) => draws.map((draw) => draw + i * apart)).flat();
}
