import { resolve } from "node:path";
import { clipTokenizer, type Tokenizer } from "./clip-tokenizer.js";
import { CLIP_VOCABULARY, readVocabulary } from "./vocabulary.js";

export { clipTokenizer, type Tokenizer } from "./clip-tokenizer.js";
export { type Piece, type PromptPieces, promptPieces } from "./prompt-pieces.js";
export { CLIP_VOCABULARY, readVocabulary, type Vocabulary } from "./vocabulary.js";
export { parseWeights, type WeightedText } from "./weighted-prompt.js";
export { packWindows, type WeightedToken, type Window, type WindowShape } from "./windows.js";

/** Tokenizers by folder. A process meets few; the oldest makes room. */
const loaded = new Map<string, Promise<Tokenizer>>();
const MOST_LOADED = 8;

/**
 * The tokenizer of a text encoder, read once: from its folder with `vocab.json` and `merges.txt`, or with CLIP's own
 * vocabulary. Throws, naming the file, when the folder does not hold one.
 */
export function loadTokenizer({
  tokenizer: folder = CLIP_VOCABULARY,
}: {
  readonly tokenizer?: string;
}): Promise<Tokenizer> {
  const key = resolve(folder);
  const known = loaded.get(key);
  if (known) return known;
  const loading = readVocabulary(key)
    .then(clipTokenizer)
    .catch((error: unknown) => {
      loaded.delete(key);
      throw error;
    });
  loaded.set(key, loading);
  for (const oldest of loaded.keys()) {
    if (loaded.size <= MOST_LOADED) break;
    loaded.delete(oldest);
  }
  return loading;
}
