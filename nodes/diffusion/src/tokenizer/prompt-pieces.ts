import { SPACES } from "./number.js";
import { parseWeights } from "./weighted-prompt.js";

/** A part of a prompt that is encoded as one: a text, or an embedding in place of one. */
export type Piece<E> = { readonly weight: number } & ({ readonly text: string } | { readonly embedding: E });

/** What a prompt says, in order. */
export interface PromptPieces<E> {
  readonly pieces: readonly Piece<E>[];
  /** Embeddings that the prompt names and that are not there; it goes on without them. */
  readonly missing: readonly string[];
}

const MARK = "embedding:";

/**
 * Takes a prompt apart as ComfyUI does: by weights (`parseWeights`), and at each `embedding:name` that starts a part or
 * follows a space or a new line. `find` gives what a name stands for. A name that is not found loses the commas around
 * it and is tried again; what follows it up to the next embedding is text.
 */
export function promptPieces<E>(prompt: string, find: (name: string) => E | undefined): PromptPieces<E> {
  const pieces: Piece<E>[] = [];
  const missing: string[] = [];
  for (const { text, weight } of parseWeights(prompt))
    for (const part of text.split(/[ \n](?=embedding:)/)) {
      if (!part.startsWith(MARK)) {
        if (part !== "") pieces.push({ text: part, weight });
        continue;
      }
      const { name, embedding, rest } = readMark(part.slice(MARK.length), find);
      if (embedding === undefined) missing.push(name);
      else pieces.push({ embedding, weight });
      if (rest !== "") pieces.push({ text: rest, weight });
    }
  return { pieces, missing };
}

/** What follows `embedding:`: a name, what it stands for, and the text after it. */
function readMark<E>(
  text: string,
  find: (name: string) => E | undefined,
): { name: string; embedding: E | undefined; rest: string } {
  const [name = "", ...words] = text.split(SPACES).filter((word) => word !== "");
  const rest = words.join(" ");
  const embedding = find(name);
  const bare = name.replace(/^,+|,+$/g, "");
  if (embedding !== undefined || bare === name) return { name, embedding, rest };
  // As many characters as were commas become text, counted from the end: `,a,` leaves `a,`. So it is in ComfyUI.
  return { name: bare, embedding: find(bare), rest: `${name.slice(bare.length)} ${rest}` };
}
