import { parseNumber } from "./number.js";

/** A stretch of a prompt and what it weighs; 1 is plain text. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

/** Deeper nesting means nothing (1.1 to the 256th is 10^10), and each level reads what is in it once more. */
const DEEPEST = 256;

/** What an unnumbered pair of parentheses multiplies the weight by. */
const EMPHASIS = 1.1;

/**
 * Reads a prompt's weights as ComfyUI does: `(x)` multiplies what is around it by 1.1, `(x:0.8)` is 0.8 whatever is
 * around it, `\(` and `\)` are plain characters, and parentheses that do not close are text. `[x]`, `BREAK` and `AND`
 * mean nothing. Throws for a weight that is not finite, and for parentheses nested more than 256 deep.
 */
export function parseWeights(prompt: string): WeightedText[] {
  const found: WeightedText[] = [];
  collect(prompt, 0, prompt.length, 1, 0, found);
  return found;
}

function collect(text: string, start: number, end: number, weight: number, depth: number, found: WeightedText[]): void {
  if (depth > DEEPEST)
    throw new Error(
      `the prompt nests parentheses more than ${DEEPEST} deep at character ${start}; write \\( and \\) for those that are text`,
    );
  for (const [from, to] of topLevel(text, start, end)) {
    if (to - from < 2 || !isAt(text, from, "(") || !isAt(text, to - 1, ")")) {
      found.push({ text: text.slice(from, to).replace(/\\([()])/g, "$1"), weight });
      continue;
    }
    const inside = text.slice(from + 1, to - 1);
    const colon = inside.lastIndexOf(":");
    const number = colon > 0 ? parseNumber(inside.slice(colon + 1)) : undefined;
    if (number !== undefined && !Number.isFinite(number))
      throw new Error(
        `the prompt gives ${JSON.stringify(inside.slice(0, Math.min(colon, 60)))} a weight that is not finite: ${JSON.stringify(inside.slice(colon + 1, colon + 40))}; give a number, or write \\( and \\) if it is text`,
      );
    const inner = number === undefined ? to - 1 : from + 1 + colon;
    collect(text, from + 1, inner, number ?? weight * EMPHASIS, depth + 1, found);
  }
}

/**
 * Cuts a stretch into outermost pairs of parentheses and what is between them. A pair that does not close goes to the
 * end; after one `)` too many, as many `(` are text.
 */
function topLevel(text: string, start: number, end: number): [from: number, to: number][] {
  const items: [number, number][] = [];
  let level = 0;
  let from = start;
  const cut = (to: number) => {
    if (to > from) items.push([from, to]);
    from = to;
  };
  for (let i = start; i < end; i++) {
    if (isAt(text, i, "(")) {
      if (level === 0) cut(i);
      level++;
    } else if (isAt(text, i, ")")) {
      level--;
      if (level === 0) cut(i + 1);
    }
  }
  cut(end);
  return items;
}

/** Whether a parenthesis stands there that no backslash makes text. */
const isAt = (text: string, i: number, parenthesis: "(" | ")"): boolean =>
  text[i] === parenthesis && text[i - 1] !== "\\";
