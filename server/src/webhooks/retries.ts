/** Seconds between tries: a receiver that restarts is told soon, one that is down for a day is told too. */
const WAITS = [1, 5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200];

/** The longest that a receiver may ask us to wait, in seconds. */
const LONGEST = 43_200;

/**
 * Milliseconds to the next try after so many (from 1), or nothing after the last. A third of it is chance, so that many
 * messages to one receiver spread; `asked` seconds are waited at least.
 */
export function waitAfter(tries: number, chance: () => number, asked = 0): number | undefined {
  const seconds = WAITS[tries - 1];
  if (seconds === undefined) return undefined;
  return Math.round(1000 * Math.max(seconds * (1 + chance() / 3), Math.min(asked, LONGEST)));
}
