import { expect, test } from "vitest";
import { promptPieces } from "./prompt-pieces.js";

const FILES = new Set(["cat", "sub/dog.pt", "a,b"]);

/** A prompt in short: texts, embeddings in angle brackets, weights other than 1, and what is missing after a `!`. */
function read(prompt: string): string[] {
  const { pieces, missing } = promptPieces(prompt, (name) => (FILES.has(name) ? name : undefined));
  const shown = pieces.map((piece) => {
    const what = "text" in piece ? piece.text : `<${piece.embedding}>`;
    return piece.weight === 1 ? what : `${what}=${piece.weight}`;
  });
  return [...shown, ...missing.map((name) => `!${name}`)];
}

test.each([
  ["no embeddings", ["no embeddings"]],
  ["embedding:cat", ["<cat>"]],
  ["a embedding:cat b c", ["a", "<cat>", "b c"]],
  ["a\nembedding:cat", ["a", "<cat>"]],
  ["embedding:cat\n", ["<cat>"]],
  ["embedding: cat", ["<cat>"]],
  ["embedding:cat embedding:sub/dog.pt", ["<cat>", "<sub/dog.pt>"]],
  ["(embedding:cat:1.3) b", ["<cat>=1.3", " b"]],
  ["(a embedding:cat b:0.5)", ["a=0.5", "<cat>=0.5", "b=0.5"]],
])("embeddings stand where they are named: %j", (prompt, want) => {
  expect(read(prompt)).toEqual(want);
});

test.each([
  ["noembedding:cat", ["noembedding:cat"]],
  ["a,embedding:cat", ["a,embedding:cat"]],
  ["a\tembedding:cat", ["a\tembedding:cat"]],
  ["Embedding:cat", ["Embedding:cat"]],
])("what does not begin a word after a space or a new line is text: %j", (prompt, want) => {
  expect(read(prompt)).toEqual(want);
});

test.each([
  ["embedding:cat, b", ["<cat>", ", b"]],
  ["embedding:cat,,", ["<cat>", ",, "]],
  ["embedding:a,b c", ["<a,b>", "c"]],
  ["embedding:,cat,", ["<cat>", "t, "]],
])("commas around a name are text if there is no such name with them: %j", (prompt, want) => {
  expect(read(prompt)).toEqual(want);
});

test.each([
  ["a embedding:none b", ["a", "b", "!none"]],
  ["embedding:none, b", [", b", "!none"]],
  ["embedding:none", ["!none"]],
  ["embedding:", ["!"]],
])("the prompt goes on without an embedding that is not there: %j", (prompt, want) => {
  expect(read(prompt)).toEqual(want);
});
