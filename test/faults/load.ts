import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../command.js";
import { showText } from "../serve/server.js";
import type { Random } from "./random.js";

const textToImage = readFileSync(join(root, "workflows/text-to-image.json"), "utf8");

/** A prompt of the embedded model, as small and short as it gets, that saves its picture. */
export function sampled(seed: number, steps = 2): object {
  const prompt = JSON.parse(textToImage);
  Object.assign(prompt[4].inputs, { width: 64, height: 64 });
  Object.assign(prompt[5].inputs, { seed, steps });
  prompt[7].inputs.filename_prefix = "sampled";
  return prompt;
}

/** A prompt that saves a picture of one colour. Its size is what makes it take time. */
export const saved = (size: number, color: number, prefix = "saved"): object => ({
  1: { class_type: "EmptyImage", inputs: { width: size, height: size, batch_size: 1, color } },
  2: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: prefix } },
});

/** A prompt that takes so many milliseconds and leaves nothing. */
export const wait = (ms: number): object => ({ 1: { class_type: "Wait", inputs: { ms } } });

/** Does something with each item, a few at a time; the results in the order of the items. */
export async function eachOf<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const actor = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await act(items[i]!);
  };
  await Promise.all(Array.from({ length: 8 }, actor));
  return results;
}

/** One of the jobs that people have: most are short, many save a picture, some sample one. */
export function anyPrompt({ below, next }: Random): object {
  const kind = next();
  if (kind < 0.35) return showText(`text ${below(2 ** 32)}`);
  if (kind < 0.5) return wait(below(200));
  if (kind < 0.85) return saved(64 + below(700), below(2 ** 24));
  return sampled(below(2 ** 32));
}
