// @ts-check
import { basename } from "node:path";
import {
  encodePrompt,
  findEmbedding,
  loadTokenizer,
  openCheckpoint,
  packWindows,
  parseWeights,
  promptPieces,
} from "@mezzotint/nodes-diffusion";
import { equal } from "../compare.mjs";
import { tensor } from "../read-set.mjs";
import { encoderConfig } from "./clip.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

/** What OpenAI's encoder reads at once, and what it is padded with. */
const CLIP_L = { bos: 49406, eos: 49407, pad: 49407, length: 77 };

/** Texts to tokens without the start and the end, and how the encoder's window of them ends. @type {Handler} */
export async function* tokenizer(c, { set }) {
  const rows = await set.json(c.files.expected);
  const { encode } = await loadTokenizer({});
  for (const { text, ids, padded77_tail: tail } of rows)
    yield {
      name: shown(text),
      compare: () => {
        const got = encode(text);
        const [window] = packWindows([got.map((id) => ({ id, weight: 1 }))], CLIP_L);
        return [equal(got, ids), equal(window?.ids.slice(-tail.length) ?? [], tail)];
      },
    };
}

/** Texts to weighted segments, to windows of weighted tokens, and to what the network is steered with. @type {Handler} */
export async function* prompts(c, { set, inference }) {
  const io = await set.tensors(c.files.io);
  const open = async () => {
    const { clip } = await openCheckpoint(set.path(c.files.ldm), { clip: encoderConfig(c.config) });
    const [encoder] = clip?.encoders ?? [];
    if (!encoder) throw new Error("no text encoder was found in the checkpoint");
    return encoder;
  };
  /** Where an embedding lies that a prompt names. @param {string} name */
  const find = (name) => {
    const file = set.path(c.files.embedding);
    return findEmbedding([basename(file)], name) && file;
  };
  for (const { i, text, error, parsed, chunks } of await set.json(c.files.expected_tokens)) {
    if (error !== undefined) continue;
    yield {
      name: `${i}: ${shown(text)}`,
      compare: async () => {
        const encoder = await open();
        const segments = parseWeights(text);
        /** @type {import("../compare.mjs").Comparison[]} */
        const all = [
          sameTexts(
            segments.map((segment) => segment.text),
            parsed.map(first),
          ),
          equal(
            segments.map((segment) => segment.weight),
            parsed.map(second),
          ),
        ];
        const { pieces } = promptPieces(text, find);
        all.push(...(await sameWindows(pieces, chunks)));
        for (const [suffix, layer] of /** @type {const} */ ([
          ["cond", -1],
          ["cond_skip2", -2],
        ])) {
          if (!io.has(`out.${i}.${suffix}`)) continue;
          const clip = /** @type {const} */ ({ kind: "clip", encoders: [{ ...encoder, layer }] });
          const { tokens, pooled } = await encodePrompt(inference, clip, pieces);
          all.push({ what: suffix, got: tokens.data, want: tensor(io, `out.${i}.${suffix}`).data, ...c.tolerance });
          if (io.has(`out.${i}.pooled`))
            all.push({ what: "pooled", got: pooled.data, want: tensor(io, `out.${i}.pooled`).data, ...c.tolerance });
        }
        return all;
      },
    };
  }
}

/** The rows of an embedding stand for what the set calls `emb:0` and so on. */
const ROW = 100_000;

/**
 * Windows of pieces beside those of the set: ids and weights.
 * @param {readonly import("@mezzotint/nodes-diffusion").Piece<string>[]} pieces
 * @param {readonly (readonly [id: number | string, weight: number, word: number][])[]} chunks
 */
async function sameWindows(pieces, chunks) {
  const { encode } = await loadTokenizer({});
  const rows = 1 + Math.max(-1, ...chunks.flat().map(([id]) => rowOf(id)));
  const groups = pieces.map((piece) => {
    const ids = "text" in piece ? encode(piece.text) : Array.from({ length: rows }, (_, row) => ROW + row);
    return ids.map((id) => ({ id, weight: piece.weight }));
  });
  const windows = packWindows(groups, CLIP_L);
  const wanted = chunks.flat().map(([id]) => (typeof id === "number" ? id : ROW + rowOf(id)));
  return [
    equal(
      windows.flatMap(({ ids }) => ids),
      wanted,
    ),
    equal(
      windows.flatMap(({ weights }) => weights),
      chunks.flat().map(second),
    ),
  ];
}

/** @param {number | string} id */
const rowOf = (id) => (typeof id === "number" ? -1 : Number(id.slice("emb:".length)));

/** @param {readonly any[]} pair */
const first = ([one]) => one;
/** @param {readonly any[]} pair */
const second = ([, two]) => two;

/** Two lists of texts that must be equal. @param {readonly string[]} got @param {readonly string[]} want */
const sameTexts = (got, want) => equal([got.join("\0") === want.join("\0") ? 1 : 0], [1]);

/** A text in one short line. @param {string} text */
const shown = (text) =>
  text.length > 40 ? `${JSON.stringify(text.slice(0, 39)).slice(0, -1)}…"` : JSON.stringify(text);
