import { elements, type Tensor } from "@mezzotint/engine";

/** The levels of a SIGMAS value. Refuses what is no list of numbers; which numbers they are, the run checks. */
export function levelsOf({ dims, data }: Tensor): Float32Array {
  if (dims.length !== 1 || !(data instanceof Float32Array) || elements(dims) !== data.length) {
    throw new Error(`noise levels are float32 [steps + 1]; these are [${dims}] with ${data.length} values`);
  }
  return data;
}

/** Levels as a SIGMAS value. */
export const toSigmas = (levels: Float32Array): Tensor => ({ dims: [levels.length], data: levels });
