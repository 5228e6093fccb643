import { readConfig } from "./config-file.js";

/**
 * The token that a tokenizer's folder pads texts with, if that is not the end of text: OpenCLIP's larger encoders pad
 * with `!`, which is 0. Their `config.json` does not tell.
 */
export async function tokenizerPad(folder: string): Promise<number | undefined> {
  const special = await readConfig(folder, "special_tokens_map.json");
  const text = (field: string): unknown => {
    const value = special?.get(field);
    return typeof value === "object" && value !== null && "content" in value ? value.content : value;
  };
  const pad = text("pad_token");
  if (typeof pad !== "string" || pad === text("eos_token")) return undefined;
  return (await readConfig(folder, "vocab.json"))?.count(pad, undefined, 0);
}
