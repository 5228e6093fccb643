import { elements, type Tensor } from "@mezzotint/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { difference, testHost } from "../../test/host.js";
import { clipShapes } from "../../test/network-shapes.js";
import { randomWeights, type Values, writeWeights } from "../../test/random-weights.js";
import { type Piece, promptPieces } from "../tokenizer/index.js";
import { openClip, openDualClip } from "./clip-file.js";
import { encodePrompt } from "./clip-prompt.js";
import type { Clip, TextEncoder } from "./descriptions.js";

const { inference, path } = testHost();
const VOCABULARY = 49_408;
const WIDTHS = { l: 8, g: 12 };

let alone: Clip;
let both: Clip;
let table: Float32Array;
beforeAll(async () => {
  const weights = randomWeights(clipShapes(WIDTHS.l, 2, VOCABULARY));
  table = weights.get("text_model.embeddings.token_embedding.weight")!.data;
  await writeWeights(path("l.safetensors"), weights);
  await writeWeights(path("g.safetensors"), randomWeights(clipShapes(WIDTHS.g, 3, VOCABULARY, 5), 2));
  alone = await openClip(path("l.safetensors"), { clip: { heads: 2 } });
  const [g] = (await openClip(path("g.safetensors"), { clip: { heads: 2, activation: "gelu" } })).encoders;
  const place = { layer: -2, norm: false };
  both = { kind: "clip", encoders: [alone.encoders[0]!, g!].map((encoder): TextEncoder => ({ ...encoder, ...place })) };

  const zeros = (...shape: number[]): Values => ({ shape, data: new Float32Array(elements(shape)) });
  await writeWeights(path("cat.safetensors"), [["emb_params", { shape: [2, 8], data: rowsOf(320, 2368) }]]);
  await writeWeights(path("wide.safetensors"), [["emb_params", zeros(1, 12)]]);
  await writeWeights(path("strange.safetensors"), [["emb_params", zeros(1, 9)]]);
  await writeWeights(path("uneven.safetensors"), [
    ["clip_l", zeros(10, 8)],
    ["clip_g", zeros(100, 12)],
  ]);
});

/** Rows of L's own table. */
const rowsOf = (...ids: number[]) => Float32Array.of(...ids.flatMap((id) => [...table.subarray(id * 8, id * 8 + 8)]));

const NAMES = ["cat", "wide", "strange", "uneven"];
const pieces = (prompt: string): readonly Piece<string>[] =>
  promptPieces(prompt, (name) => (NAMES.includes(name) ? path(`${name}.safetensors`) : undefined)).pieces;
const encode = (prompt: string, clip = alone) => encodePrompt(inference(), clip, pieces(prompt));

/** The state of one token. */
const stateOf = ({ dims, data }: Tensor, token: number): Tensor => ({
  dims: [dims[2]!],
  data: data.slice(token * dims[2]!, (token + 1) * dims[2]!),
});

describe("a weight", () => {
  test("of 1 changes nothing, whatever way it is written", async () => {
    const [plain, one] = [await encode("a cat"), await encode("(a cat:1.0)")];
    expect(difference(one.tokens, plain.tokens)).toBe(0);
  });

  test("moves its token's state along the line from that of an empty text, and no other token's", async () => {
    const [empty, plain, half, twice] = await Promise.all(
      ["", "a cat", "a (cat:0.5)", "a (cat:2)"].map(async (prompt) => (await encode(prompt)).tokens),
    );
    const [nothing, one] = [stateOf(empty!, 2).data, stateOf(plain!, 2).data];
    for (const [got, weight] of [
      [half!, 0.5],
      [twice!, 2],
    ] as const) {
      const want = one.map((x, i) => nothing[i]! + weight * (x - nothing[i]!));
      expect(difference(stateOf(got, 2), { dims: [8], data: want })).toBeLessThan(1e-5);
      for (const other of [0, 1, 3, 76])
        expect(difference(stateOf(got, other), stateOf(plain!, other))).toBeLessThan(1e-5);
    }
  });

  test("of 0 is an empty text's state there", async () => {
    const [empty, without] = [await encode(""), await encode("(a cat:0)")];
    for (const token of [1, 2])
      expect(difference(stateOf(without.tokens, token), stateOf(empty.tokens, token))).toBeLessThan(1e-6);
  });

  test("changes no pooled state", async () => {
    expect(difference((await encode("(a cat:1.7)")).pooled, (await encode("a cat")).pooled)).toBeLessThan(1e-6);
  });
});

describe("an embedding", () => {
  test("whose rows are tokens' own is the same as these tokens", async () => {
    // 320 is `a`, 2368 is `cat`.
    for (const [named, spelt] of [
      ["embedding:cat", "a cat"],
      ["red embedding:cat, blue", "red a cat, blue"],
      ["(embedding:cat:1.4) house", "(a cat:1.4) house"],
      ["embedding:cat embedding:cat", "a cat a cat"],
    ] as const) {
      const [a, b] = [await encode(named), await encode(spelt)];
      expect(difference(a.tokens, b.tokens)).toBeLessThan(1e-6);
      expect(difference(a.pooled, b.pooled)).toBeLessThan(1e-6);
    }
  });

  test("of a width that no encoder has is an error that names the file and both widths", async () => {
    await expect(encode("embedding:wide")).rejects.toThrow(/wide\.safetensors: its rows are 12 wide.*encoder's are 8/);
    await expect(encode("embedding:strange", both)).rejects.toThrow(/strange.*9 wide.*are 8; .*9 wide.*are 12/);
  });

  test("that fits one of two encoders is used there; the other goes without, and says so", async () => {
    const { tokens, warnings } = await encode("embedding:cat house", both);
    expect(warnings).toEqual([expect.stringMatching(/cat\.safetensors: its rows are 8 wide.*are 12; .*without/)]);
    const [g] = both.encoders.slice(1);
    const other = await encode("house", { kind: "clip", encoders: [g!] });
    for (const token of [0, 1, 2]) {
      const own = { dims: [12], data: stateOf(tokens, token).data.slice(8) };
      expect(difference(own, stateOf(other.tokens, token))).toBeLessThan(1e-6);
    }
  });

  test("of more rows for one encoder than for the other leaves as many windows as both have", async () => {
    expect((await encode("embedding:uneven", both)).tokens.dims).toEqual([1, 77, 20]);
  });
});

describe("two encoders", () => {
  test("stand side by side, each as it is alone; the second is pooled", async () => {
    const prompt = `${"word ".repeat(80)}(end:1.3)`;
    const { tokens, pooled } = await encode(prompt, both);
    expect(tokens.dims).toEqual([1, 154, 20]);
    let from = 0;
    for (const encoder of both.encoders) {
      const one = await encode(prompt, { kind: "clip", encoders: [encoder] });
      const width = one.tokens.dims[2]!;
      const own = one.tokens.data.map((_, i) => tokens.data[Math.floor(i / width) * 20 + from + (i % width)]!);
      expect(difference({ dims: one.tokens.dims, data: own }, one.tokens)).toBe(0);
      if (from > 0) expect(difference(one.pooled, pooled)).toBe(0);
      from += width;
    }
  });

  test("must be L and bigG", async () => {
    const twice = openDualClip([path("l.safetensors"), path("l.safetensors")]);
    await expect(twice).rejects.toThrow(/CLIP-L and OpenCLIP-bigG.*l\.safetensors holds CLIP-L \(2 layers\) and/);
  });
});

test("a CLIP without encoders is an error", async () => {
  await expect(encode("a", { kind: "clip", encoders: [] })).rejects.toThrow("no text encoder");
});
