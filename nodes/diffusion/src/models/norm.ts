import { groupNorm, type Module, type Weights } from "@mezzotint/engine/onnx";

/** Group normalisation. Throws, naming the layer, when the groups don't divide its channels. */
export function norm(w: Weights, options: { readonly groups: number; readonly epsilon: number }): Module {
  const [channels = 0] = w.shape("weight");
  if (channels % options.groups !== 0)
    throw new Error(`${w.prefix}weight: ${channels} channels cannot be divided into ${options.groups} groups`);
  return groupNorm(w, options);
}
