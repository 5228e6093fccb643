// @ts-check
import { encodeTokens, loadTokenizer, openCheckpoint, windowsOf } from "@mezzotint/nodes-diffusion";
import { equal } from "../compare.mjs";
import { tensor } from "../read-set.mjs";
import { encoderConfig } from "./clip.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

/** What OpenAI's encoder reads at once, and what it is padded with. */
const CLIP_L = {
  config: { heads: 12, activation: /** @type {const} */ ("quick_gelu"), bos: 49406, eos: 49407, pad: 49407 },
  size: { layers: 12, vocabulary: 49408, positions: 77 },
};

/** Texts to tokens without the start and the end, and how the encoder's window of them ends. @type {Handler} */
export async function* tokenizer(c, { set }) {
  const rows = await set.json(c.files.expected);
  const { encode } = await loadTokenizer({});
  for (const { text, ids, padded77_tail: tail } of rows)
    yield {
      name: shown(text),
      compare: () => {
        const got = encode(text);
        return [equal(got, ids), equal(windowsOf(got, CLIP_L)[0]?.slice(-tail.length) ?? [], tail)];
      },
    };
}

/** Texts to what the network is steered with. Those with weights or embeddings in them wait. @type {Handler} */
export async function* prompts(c, { set, inference }) {
  const io = await set.tensors(c.files.io);
  const open = async () => {
    const { clip } = await openCheckpoint(set.path(c.files.ldm), { clip: encoderConfig(c.config) });
    const [encoder] = clip?.encoders ?? [];
    if (!encoder) throw new Error("no text encoder was found in the checkpoint");
    return encoder;
  };
  for (const { i, text, error } of await set.json(c.files.expected_tokens)) {
    if (error !== undefined || !io.has(`out.${i}.cond`)) continue;
    const name = `${i}: ${shown(text)}`;
    if (text.includes("embedding:")) yield { name, needs: "textual inversion" };
    else if (/[()\\]/.test(text)) yield { name, needs: "prompt weights" };
    else
      yield {
        name,
        compare: async () => {
          const encoder = await open();
          const tokens = (await loadTokenizer(encoder)).encode(text);
          const last = await encodeTokens(inference, encoder, tokens);
          const got = { cond: last.tokens, pooled: last.pooled, cond_skip2: undefined };
          const skipped = `out.${i}.cond_skip2`;
          const all = Object.entries({
            ...got,
            ...(io.has(skipped) && {
              cond_skip2: (await encodeTokens(inference, { ...encoder, layer: -2 }, tokens)).tokens,
            }),
          });
          return all.flatMap(([what, value]) =>
            value ? [{ what, got: value.data, want: tensor(io, `out.${i}.${what}`).data, ...c.tolerance }] : [],
          );
        },
      };
  }
}

/** A text in one short line. @param {string} text */
const shown = (text) =>
  text.length > 40 ? `${JSON.stringify(text.slice(0, 39)).slice(0, -1)}…"` : JSON.stringify(text);
