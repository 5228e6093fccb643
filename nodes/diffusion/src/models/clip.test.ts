import { beforeAll, describe, expect, test } from "vitest";
import { difference, testHost } from "../../test/host.js";
import { clipShapes } from "../../test/network-shapes.js";
import { randomWeights, type Values, writeWeights } from "../../test/random-weights.js";
import { openCheckpoint } from "./checkpoint.js";
import type { TextEncoder } from "./descriptions.js";
import { encodeTokens } from "./encode-text.js";
import { clipSession, unreadKeys } from "./sessions.js";

const { inference, path, run } = testHost();
const VOCABULARY = 50;
const EOS = 49;
const weights = randomWeights(clipShapes(16, 3, VOCABULARY, 12));
const overrides = { clip: { heads: 2 } };

async function open(name: string, tensors: Iterable<readonly [string, Values]>): Promise<TextEncoder> {
  await writeWeights(path(name), tensors);
  const checkpoint = await openCheckpoint(path(name), overrides);
  expect(await unreadKeys(checkpoint)).toEqual([]);
  return checkpoint.clip!.encoders[0]!;
}
let encoder: TextEncoder;
beforeAll(async () => {
  encoder = await open("clip.safetensors", weights);
});

const encode = (ids: readonly number[], layer = -1, of = encoder, vectors = new Float32Array(16)) =>
  run(clipSession(of), {
    ids: { dims: [1, ids.length], data: Int32Array.from(ids) },
    vectors: { dims: [vectors.length / 16, 16], data: vectors },
    layer: { dims: [1], data: Int32Array.of(layer) },
  });

describe("a text encoder", () => {
  test("is causal: what comes later changes nothing before it", async () => {
    const [a, b] = [await encode([48, 3, 4, 5, EOS]), await encode([48, 3, 4, 9, EOS])];
    const upTo = (states: typeof a, tokens: number) => ({
      dims: [tokens],
      data: states.hidden!.data.slice(0, tokens * 16),
    });
    expect(difference(upTo(a, 3), upTo(b, 3))).toBeLessThan(1e-6);
    expect(difference(a.hidden, b.hidden)).toBeGreaterThan(1e-2);
  });

  test("pools at the first end of text", async () => {
    const [a, b] = [await encode([48, 3, EOS, 7, 8]), await encode([48, 3, EOS, EOS, 1])];
    expect(a.pooled!.dims).toEqual([1, 12]);
    expect(difference(a.pooled, b.pooled)).toBeLessThan(1e-6);
    expect(difference(a.pooled, (await encode([48, EOS, 3, 7, 8])).pooled)).toBeGreaterThan(1e-2);
  });

  test("skips layers as if the last ones were not there", async () => {
    const shorter = new Map([...weights].filter(([key]) => !key.startsWith("text_model.encoder.layers.2.")));
    const cut = await open("shorter.safetensors", shorter);
    const ids = [48, 3, 4, EOS];
    const [skipped, whole] = [await encode(ids, -2), await encode(ids, -1, cut)];
    expect(difference(skipped.hidden, whole.hidden)).toBeLessThan(1e-6);
    expect(difference(skipped.normed, whole.normed)).toBeLessThan(1e-6);
    // What is pooled never skips.
    expect(difference(skipped.pooled, (await encode(ids)).pooled)).toBe(0);
  });

  test("reads ids beyond its vocabulary as rows of vectors", async () => {
    const table = weights.get("text_model.embeddings.token_embedding.weight")!.data;
    const rowsOf = (...ids: number[]) =>
      Float32Array.of(...ids.flatMap((id) => [...table.slice(id * 16, id * 16 + 16)]));
    const [plain, swapped] = [
      await encode([48, 3, 4, EOS]),
      await encode([48, VOCABULARY + 1, VOCABULARY, EOS], -1, encoder, rowsOf(4, 3)),
    ];
    expect(difference(swapped.hidden, plain.hidden)).toBe(0);
    expect(difference(swapped.pooled, plain.pooled)).toBe(0);
  });

  test("gives the same from OpenCLIP's layout", async () => {
    const other = await open("openclip.safetensors", openClipWeights(weights));
    expect(other.weights.layout).toBe("openclip");
    const same = { ...other, config: encoder.config };
    const ids = [48, 3, 4, EOS];
    const [a, b] = [await encode(ids), await encode(ids, -1, same)];
    expect(difference(a.normed, b.normed)).toBe(0);
    expect(difference(a.pooled, b.pooled)).toBeLessThan(1e-6);
  });
});

describe("windows", () => {
  test("are encoded apart and stand one after the other; the first is pooled", async () => {
    const tokens = Array.from({ length: 80 }, (_, i) => i % 40);
    const all = await encodeTokens(inference(), encoder, tokens);
    const [first, second] = [
      await encodeTokens(inference(), encoder, tokens.slice(0, 75)),
      await encodeTokens(inference(), encoder, tokens.slice(75)),
    ];
    expect(all.tokens.dims).toEqual([1, 154, 16]);
    const joined = { dims: [1, 154, 16], data: Float32Array.of(...first.tokens.data, ...second.tokens.data) };
    expect(difference(all.tokens, joined)).toBeLessThan(1e-6);
    expect(difference(all.pooled, first.pooled)).toBeLessThan(1e-6);
  });

  test("a token that the encoder doesn't know is refused", async () => {
    await expect(encodeTokens(inference(), encoder, [1, 50])).rejects.toThrow(
      /token 50 is not among the 50 of .*clip\.safetensors/,
    );
  });

  test("an absurdly long text is refused", async () => {
    await expect(encodeTokens(inference(), encoder, new Array(20_000).fill(1))).rejects.toThrow("19200 tokens");
  });
});

/** The same weights as OpenCLIP stores them: one matrix for queries, keys and values, the projection transposed. */
function openClipWeights(named: ReadonlyMap<string, Values>): Map<string, Values> {
  const out = new Map<string, Values>();
  const names: [string, string][] = [
    ["layer_norm1", "ln_1"],
    ["layer_norm2", "ln_2"],
    ["mlp.fc1", "mlp.c_fc"],
    ["mlp.fc2", "mlp.c_proj"],
    ["self_attn.out_proj", "attn.out_proj"],
    ["text_model.encoder.layers", "transformer.resblocks"],
    ["text_model.final_layer_norm", "ln_final"],
    ["text_model.embeddings.token_embedding", "token_embedding"],
    ["text_model.embeddings.position_embedding.weight", "positional_embedding"],
  ];
  for (const [key, { shape, data }] of named) {
    if (key === "text_projection.weight") {
      const [rows = 0, columns = 0] = shape;
      const turned = data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
      out.set("text_projection", { shape: [columns, rows], data: turned });
    } else if (!/\.[kv]_proj\./.test(key)) {
      const fused = key.includes(".q_proj.");
      const name = names.reduce((before, [ours, theirs]) => before.replace(ours, theirs), key);
      if (!fused) out.set(name, { shape, data });
      else {
        const parts = ["q", "k", "v"].map((which) => named.get(key.replace(".q_proj.", `.${which}_proj.`))!.data);
        const all = Float32Array.of(...parts.flatMap((part) => [...part]));
        out.set(name.replace("self_attn.q_proj.", "attn.in_proj_"), {
          shape: [3 * shape[0]!, ...shape.slice(1)],
          data: all,
        });
      }
    }
  }
  return out;
}
