import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A byte-pair vocabulary as `vocab.json` and `merges.txt` hold it. */
export interface Vocabulary {
  /** The id of a token, if it is one. Throws, naming the file, when what stands there is no id. */
  readonly id: (token: string) => number | undefined;
  /** Two symbols with a space between to the rank of their merge; lower merges first. */
  readonly ranks: ReadonlyMap<string, number>;
}

/** CLIP's own vocabulary, which comes with this package. */
export const CLIP_VOCABULARY = fileURLToPath(new URL("../../vocab", import.meta.url));

/** CLIP's own files are 1 MB and 0.5 MB. */
const MOST_BYTES = 64 * 2 ** 20;

/** Reads a tokenizer's folder. Throws, naming the file and what is wrong with it, unless it holds a vocabulary. */
export async function readVocabulary(folder: string): Promise<Vocabulary> {
  const [vocab, merges] = await Promise.all([readText(folder, "vocab.json"), readText(folder, "merges.txt")]);
  return { id: parseIds(vocab, join(folder, "vocab.json")), ranks: parseRanks(merges, join(folder, "merges.txt")) };
}

async function readText(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new Error(`the tokenizer folder ${folder} has no file ${name}`);
  if (found.size > MOST_BYTES) {
    throw new Error(`${path} has ${found.size} bytes; a vocabulary of at most ${MOST_BYTES} was expected`);
  }
  return readFile(path, "utf8");
}

function parseIds(text: string, path: string): Vocabulary["id"] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Error(`${path} is not an object of tokens and their ids`);
  }
  const ids = Object.setPrototypeOf(parsed, null) as Record<string, unknown>;
  // Each id is checked when it is used: going through 49,408 of them at the door takes as long as parsing them.
  return (token) => {
    const id = ids[token];
    if (id === undefined || (typeof id === "number" && Number.isInteger(id) && id >= 0)) return id;
    throw new Error(
      `${path} gives the token ${JSON.stringify(token)} the id ${JSON.stringify(id)}; a whole number was expected`,
    );
  };
}

/** Lines of two symbols and a space, after an optional `#version`. */
const MERGES = /^(?:#version.*\r?\n)?(?:[^ \r\n]+ [^ \r\n]+\r?(?:\n|$))*\s*$/;

function parseRanks(text: string, path: string): Map<string, number> {
  const lines = text.trimEnd().split(/\r?\n/);
  if (!MERGES.test(text)) {
    const bad = lines.findIndex((line, i) => !(/^[^ ]+ [^ ]+$/.test(line) || (i === 0 && line.startsWith("#version"))));
    throw new Error(`${path}, line ${bad + 1}: two symbols and a space between were expected`);
  }
  const ranks = new Map<string, number>();
  for (const line of lines[0]?.startsWith("#version") ? lines.slice(1) : lines) ranks.set(line, ranks.size);
  return ranks;
}
