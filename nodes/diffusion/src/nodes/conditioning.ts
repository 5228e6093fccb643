import { defineNode, int, link, text, type Use } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { FOLDERS, identify } from "@mezzotint/nodes-core";
import { encodePrompt, findEmbedding } from "../models/index.js";
import { CLIP, CONDITIONING } from "../sockets.js";
import { promptPieces } from "../tokenizer/index.js";

/** Text to conditioning. */
export const clipTextEncode = defineNode({
  id: "CLIPTextEncode",
  title: "CLIP Text Encode (Prompt)",
  category: "conditioning",
  doc: "Encodes a text, so that it steers what a diffusion model makes. (word) and (word:1.2) weigh words, embedding:name puts a textual inversion in their place. Texts longer than the encoder reads at once are encoded in parts.",
  inputs: {
    text: text({ multiline: true, dynamicPrompts: true, tooltip: "The text to be encoded." }),
    clip: link(CLIP, { tooltip: "The text encoder." }),
  },
  outputs: { CONDITIONING },
  resources: ["gpu"],
  version: ({ text }, { use }) => embeddingsVersion(text, use),
  run: async ({ text, clip }, { use, show, signal }) => {
    const { pieces, missing } = promptPieces(text, embeddingFinder(use));
    const { tokens, pooled, warnings } = await encodePrompt(use(INFERENCE), clip, pieces, { signal });
    const told = [...missing.map(withoutEmbedding), ...warnings];
    if (told.length > 0) show({ warnings: told });
    return { CONDITIONING: [{ tokens, pooled }] };
  },
});

const withoutEmbedding = (name: string): string =>
  `there is no embedding ${JSON.stringify(name.slice(0, 200))} in models/embeddings; the prompt goes without it`;

/** Finds the files that prompts mean by the names of embeddings. The folders are listed when a prompt names one. */
function embeddingFinder(use: Use): (name: string) => string | undefined {
  return (name) => {
    const folders = use(FOLDERS);
    const file = findEmbedding(folders.models("embeddings"), name);
    return file === undefined ? undefined : folders.model("embeddings", file);
  };
}

/**
 * What joins the cache key besides the text: the contents of the embeddings that it names, and which of them are not
 * there yet. A linked text may name any, so every embedding counts.
 */
async function embeddingsVersion(text: string | undefined, use: Use): Promise<string> {
  if (text !== undefined && !text.includes("embedding:")) return "";
  const folders = use(FOLDERS);
  const named = new Map<string, string | undefined>();
  if (text === undefined)
    for (const name of folders.models("embeddings")) named.set(name, folders.model("embeddings", name));
  else {
    const find = embeddingFinder(use);
    promptPieces(text, (name) => {
      const path = find(name);
      named.set(name, path);
      return path;
    });
  }
  // One after the other: there may be thousands, and each is a file to open when it is first met. One that cannot be
  // read is as good as missing here; encoding says what is wrong with it.
  const known: [name: string, identity: string | null][] = [];
  for (const [name, path] of named)
    known.push([name, path === undefined ? null : await identify(path).catch(() => null)]);
  const local = known.some(([, identity]) => identity?.startsWith("~"));
  return `${local ? "~" : ""}${known.length > 0 ? JSON.stringify(known) : ""}`;
}

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
