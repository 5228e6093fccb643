/** Chance that can be repeated. */
export interface Random {
  /** From 0, below 1. */
  readonly next: () => number;
  /** A whole number below `limit`. */
  readonly below: (limit: number) => number;
  readonly pick: <T>(choices: readonly T[]) => T;
  /** Whether something of this probability happens. */
  readonly chance: (probability: number) => boolean;
}

/** Whether all of the faults are tried, as `npm run faults` does, or the slice that belongs to `npm test`. */
export const whole = process.env.MEZZOTINT_FAULTS === "all";

/** The seed of this run: `$MEZZOTINT_SEED` repeats another's. What failed has to be repeatable, so it is said. */
export const seed = Number(process.env.MEZZOTINT_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0;
console.log(`faults: MEZZOTINT_SEED=${seed}`);

/** Steele and Lea's SplitMix, 32 bits: good enough for tests, and the same everywhere. */
export function random(from: number): Random {
  let state = from >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: (choices) => choices[below(choices.length)]!,
    chance: (probability) => next() < probability,
  };
}
