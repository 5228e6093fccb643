/** A token and what it weighs. */
export interface WeightedToken {
  readonly id: number;
  readonly weight: number;
}

/** What an encoder reads at once: start, tokens, end and padding, all of which weigh 1. */
export interface Window {
  readonly ids: readonly number[];
  readonly weights: readonly number[];
}

/** The marks of an encoder's windows, and how many tokens a window has with them. */
export interface WindowShape {
  readonly bos: number;
  readonly eos: number;
  readonly pad: number;
  readonly length: number;
}

/** Texts of more windows are refused: each costs a run's time, and attention to it in every step. */
const MAX_WINDOWS = 256;

/** A group of this many tokens may be cut where a window ends; a smaller one moves into the next. */
const LARGE = 8;

/**
 * Packs groups of tokens into windows as ComfyUI does. A group is what one piece of a prompt became (a stretch of one
 * weight, or an embedding), not a word. Without tokens there is one window. Throws when there are more than 256.
 */
export function packWindows(
  groups: Iterable<readonly WeightedToken[]>,
  { bos, eos, pad, length }: WindowShape,
): Window[] {
  const room = length - 2;
  if (room < 1) throw new Error(`a text encoder that reads ${length} tokens at once has no room for a text`);
  const windows: WeightedToken[][] = [[]];
  for (const group of groups)
    for (let done = 0; done < group.length; ) {
      const window = windows.at(-1) as WeightedToken[];
      const left = room - window.length;
      const fits = group.length - done <= left;
      // A small group keeps together, unless a whole window is too small for it.
      const count = fits ? group.length - done : group.length >= LARGE || group.length > room ? left : 0;
      for (const end = done + count; done < end; done++) window.push(group[done] as WeightedToken);
      if (!fits) windows.push([]);
      if (windows.length > MAX_WINDOWS)
        throw new Error(`the text has more than the ${MAX_WINDOWS * room} tokens that are encoded at most: shorten it`);
    }
  return windows.map((tokens) => {
    const padding = room - tokens.length;
    return {
      ids: [bos, ...tokens.map(({ id }) => id), eos, ...new Array<number>(padding).fill(pad)],
      weights: [1, ...tokens.map(({ weight }) => weight), ...new Array<number>(padding + 1).fill(1)],
    };
  });
}
