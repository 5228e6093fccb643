import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mergePairs } from "./byte-pairs.js";
import { BYTE_SYMBOLS } from "./byte-symbols.js";
import { CLIP_VOCABULARY, loadTokenizer, type Tokenizer } from "./index.js";

let tokenizer: Tokenizer;
let tokens: Map<number, string>;
beforeAll(async () => {
  tokenizer = await loadTokenizer({});
  const vocab = JSON.parse(await readFile(join(CLIP_VOCABULARY, "vocab.json"), "utf8")) as Record<string, number>;
  tokens = new Map(Object.entries(vocab).map(([token, id]) => [id, token]));
});

/** Tokens back to text: their bytes, and a space at each word's end. */
function decode(ids: readonly number[]): string {
  const symbols = ids.map((id) => tokens.get(id)!.replaceAll("</w>", " ")).join("");
  const bytes = Array.from(symbols, (symbol) => (symbol === " " ? 0x20 : BYTE_SYMBOLS.indexOf(symbol)));
  return Buffer.from(bytes).toString("utf8").trim();
}

test.each([
  ["a photo of a cat", [320, 1125, 539, 320, 2368]],
  ["don't can't", [847, 713, 753, 713]],
  ["👩‍👩‍👧‍👦 family", [26304, 26304, 48938, 4244, 964, 355, 1315]],
  ["<|startoftext|> hi <|endoftext|> there", [49406, 1883, 49407, 997]],
  ["", []],
])("%j is %j", (text, ids) => {
  expect(tokenizer.encode(text)).toEqual(ids);
});

test.each(["two boats on a quiet lake", "日本語 の テキスト", "naïve café", "x ¬ ÿ 😀 ½", "привет"])(
  "%j can be read back",
  (text) => {
    expect(decode(tokenizer.encode(text))).toBe(text);
  },
);

test.each([
  ["capitals", "A PHOTO", "a photo"],
  ["spaces of any kind", "\t a\u00a0\u3000photo\n\u0085", "a photo"],
  ["how a letter is composed", "cafe\u0301", "café"],
  ["the form of a final sigma", "ΌΣ", "όσ"],
])("%s make no difference", (_, one, other) => {
  expect(tokenizer.encode(one)).toEqual(tokenizer.encode(other));
});

test("a mark in capitals is text", () => {
  expect(tokenizer.encode("<|ENDOFTEXT|>")).not.toContain(49407);
});

test("half a character is a replacement character", () => {
  expect(tokenizer.encode("\ud83d")).toEqual(tokenizer.encode("\ufffd"));
});

describe("merging", () => {
  const ranks = new Map(["a b", "b c", "ab c", "c c"].map((pair, rank) => [pair, rank]));

  test.each([
    ["abc", ["abc"]],
    ["bcc", ["bc", "c"]],
    ["ccc", ["cc", "c"]],
    ["xyz", ["x", "y", "z"]],
    ["", []],
  ])("%j gives %j: lower ranks first, then from the left", (word, want) => {
    expect(mergePairs([...word], ranks)).toEqual(want);
  });

  test("a word of 100,000 letters ends as its pieces do", () => {
    expect(mergePairs([..."abc".repeat(33_334)], ranks)).toEqual(Array(33_334).fill("abc"));
  });
});

describe("a tokenizer's folder", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tokenizer-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const write = async (vocab: string, merges: string) => {
    await writeFile(join(folder, "vocab.json"), vocab);
    await writeFile(join(folder, "merges.txt"), merges);
  };

  test("is needed", async () => {
    await expect(loadTokenizer({ tokenizer: join(folder, "none") })).rejects.toThrow(/none has no file vocab\.json/);
  });

  test.each([
    ["a truncated vocabulary", '{"a": 1', "", /vocab\.json is not JSON/],
    ["a list", "[1]", "", /vocab\.json is not an object/],
    ["another model's", '{"a": 1}', "", /no token <\|endoftext\|>/],
    ["ids that are none", '{"<|endoftext|>": "7"}', "", /gives the token "<\|endoftext\|>" the id "7"/],
    ["merges of three", '{"<|endoftext|>": 7}', "#version: 0.2\na b\na b c\n", /merges\.txt, line 3/],
    ["binary merges", '{"<|endoftext|>": 7}', "\0\0\0", /merges\.txt, line 1/],
  ])("with %s is refused", async (_, vocab, merges, message) => {
    await write(vocab, merges);
    await expect(loadTokenizer({ tokenizer: folder })).rejects.toThrow(message);
  });

  test("that was mended is read again, and then remembered", async () => {
    await write('{"a</w>": 1, "ab</w>": 2, "<|endoftext|>": 7}', "a b</w>\r\n");
    const read = await loadTokenizer({ tokenizer: folder });
    expect(read.encode("ab a constructor")).toEqual([2, 1, ...Array(11).fill(7)]);
    expect(await loadTokenizer({ tokenizer: folder })).toBe(read);
  });
});
