import { defineNode, int, link, type Tensor, text } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { encodeTokens } from "../models/index.js";
import { CLIP, CONDITIONING } from "../sockets.js";
import { loadTokenizer } from "../tokenizer/index.js";

/** Text to conditioning. */
export const clipTextEncode = defineNode({
  id: "CLIPTextEncode",
  title: "CLIP Text Encode (Prompt)",
  category: "conditioning",
  doc: "Encodes a text, so that it steers what a diffusion model makes. Texts longer than the encoder reads at once are encoded in parts.",
  inputs: {
    text: text({ multiline: true, dynamicPrompts: true, tooltip: "The text to be encoded." }),
    clip: link(CLIP, { tooltip: "The text encoder." }),
  },
  outputs: { CONDITIONING },
  resources: ["gpu"],
  run: async ({ text, clip }, { use, signal }) => {
    const states: Tensor[] = [];
    let pooled: Tensor | undefined;
    for (const encoder of clip.encoders) {
      const tokenizer = await loadTokenizer(encoder);
      const encoded = await encodeTokens(use(INFERENCE), encoder, tokenizer.encode(text), { signal });
      states.push(encoded.tokens);
      pooled = encoded.pooled;
    }
    return { CONDITIONING: [{ tokens: besides(states), ...(pooled ? { pooled } : {}) }] };
  },
});

/** Clip skip. */
export const clipSetLastLayer = defineNode({
  id: "CLIPSetLastLayer",
  title: "CLIP Set Last Layer",
  category: "conditioning",
  doc: "Takes the text from an earlier layer of the encoder (clip skip): -1 is the last, -2 the one before.",
  inputs: { clip: link(CLIP), stop_at_clip_layer: int({ default: -1, min: -24, max: -1, step: 1 }) },
  outputs: { CLIP },
  run: ({ clip, stop_at_clip_layer: layer }) => ({
    CLIP: {
      ...clip,
      // An encoder with fewer layers gives its last, as in ComfyUI.
      encoders: clip.encoders.map((encoder) =>
        -layer > encoder.size.layers ? { ...encoder, layer: -1, norm: true } : { ...encoder, layer },
      ),
    },
  }),
});

/** Hidden states [1,T,Dᵢ] side by side: [1,T,ΣDᵢ]. Encoders that read a text in other windows have other T. */
function besides(states: readonly Tensor[]): Tensor {
  const [first] = states;
  if (!first) throw new Error("this CLIP has no text encoder");
  if (states.length === 1) return first;
  const tokens = first.dims[1] ?? 0;
  if (states.some(({ dims }) => dims[1] !== tokens))
    throw new Error(`the text encoders read the text as ${states.map(({ dims }) => dims[1]).join(" and ")} tokens`);
  const widths = states.map(({ dims }) => dims[2] ?? 0);
  const width = widths.reduce((sum, n) => sum + n, 0);
  const data = new Float32Array(tokens * width);
  let offset = 0;
  for (const [i, { data: state }] of states.entries()) {
    const own = widths[i] ?? 0;
    for (let token = 0; token < tokens; token++)
      data.set(state.subarray(token * own, (token + 1) * own), token * width + offset);
    offset += own;
  }
  return { dims: [1, tokens, width], data };
}
