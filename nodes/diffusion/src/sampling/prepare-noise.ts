import type { Tensor } from "@mezzotint/engine";
import { elements } from "@mezzotint/engine";
import { torchGenerator } from "./torch-generator.js";

/** No picture of a batch can stand further back in the noise than this: each place before it is drawn in turn. */
const FURTHEST = 65_536;

/**
 * The unit noise that a run starts from: float32 [batch, channels, height, width] from the seed. Without `places` the
 * whole batch is one draw; with them each item takes the draw of its place (a latent's `batch_index`), so one
 * picture of an earlier batch can be made again alone. Throws on places that are no place, or not one per item.
 */
export function prepareNoise(dims: readonly number[], seed: bigint, places?: readonly number[]): Tensor {
  const generator = torchGenerator(seed);
  if (places === undefined) return { dims, data: generator.randn(elements(dims)) };
  const bad = places.find((place) => !Number.isInteger(place) || place < 0 || place > FURTHEST);
  if (bad !== undefined) throw new Error(`batch_index holds ${bad}: an integer from 0 to ${FURTHEST} was expected`);
  if (places.length !== dims[0]) {
    throw new Error(`batch_index names ${places.length} places for a batch of ${dims[0]}`);
  }
  const size = elements(dims.slice(1));
  const data = new Float32Array(elements(dims));
  const items = places.map((place, item) => ({ place, item })).sort((a, b) => a.place - b.place);
  let drawn = 0;
  let noise: Float32Array = new Float32Array(size);
  for (const { place, item } of items) {
    for (; drawn <= place; drawn++) noise = generator.randn(size);
    data.set(noise, item * size);
  }
  return { dims, data };
}
