import { mergePairs } from "./byte-pairs.js";
import { BYTE_SYMBOLS } from "./byte-symbols.js";
import type { Vocabulary } from "./vocabulary.js";

/** Text to token ids. */
export interface Tokenizer {
  /** The ids of a text, without the marks of its start and end. */
  readonly encode: (text: string) => number[];
}

const START = "<|startoftext|>";
const END = "<|endoftext|>";
/** The marks themselves, as a text may hold them: only in this spelling are they marks. */
const MARKS = /(<\|startoftext\|>|<\|endoftext\|>)/;

/** White space as Unicode has it. JavaScript's `\s` takes U+FEFF for one and U+0085 for none. */
const SPACE = "\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
/** Contractions, words, single digits, and runs of anything else that is no space. */
const PIECES = new RegExp(
  `<\\|(?:start|end)oftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^${SPACE}\\p{L}\\p{N}]+`,
  "gu",
);

/** Words whose ids are remembered; longer ones are rare and would fill memory. */
const MOST_KNOWN = 16_384;
const LONGEST_KNOWN = 64;

/**
 * CLIP's tokenizer as Hugging Face's `CLIPTokenizer` is: Unicode composed (NFC) and lower-cased, cut into words, each
 * word's bytes merged by rank with `</w>` at its end. It neither mends broken Unicode (ftfy) nor reads HTML escapes.
 * What the vocabulary does not know becomes the mark of the end. Throws when the vocabulary lacks that mark.
 */
export function clipTokenizer({ id, ranks }: Vocabulary): Tokenizer {
  const unknown = id(END);
  if (unknown === undefined) throw new Error(`the vocabulary has no token ${END}, so it is not a CLIP vocabulary`);
  const known = new Map<string, readonly number[]>();

  function encodeWord(word: string): readonly number[] {
    const symbols = Array.from(Buffer.from(word, "utf8"), (byte) => BYTE_SYMBOLS[byte]!);
    symbols.push(`${symbols.pop()}</w>`);
    return mergePairs(symbols, ranks).map((symbol) => id(symbol) ?? unknown!);
  }

  function wordIds(word: string): readonly number[] {
    const remembered = known.get(word);
    if (remembered) return remembered;
    const encoded = encodeWord(word);
    if (word.length <= LONGEST_KNOWN && known.size < MOST_KNOWN) known.set(word, encoded);
    return encoded;
  }

  return {
    encode: (text) =>
      text.split(MARKS).flatMap((part) => {
        if (part === START || part === END) return [id(part) ?? unknown!];
        return words(part).flatMap(wordIds);
      }),
  };
}

function words(text: string): string[] {
  // Each letter by itself: by the rules of a language, a Greek sigma at a word's end would get its final form.
  const lower = text.normalize("NFC").replaceAll("Σ", "σ").toLowerCase();
  return (lower.match(PIECES) ?? []).flatMap((piece) =>
    // A mark that was spelt in capitals is three words, wherever it stands.
    piece === START || piece === END ? ["<|", piece.slice(2, -2), "|>"] : [piece],
  );
}
