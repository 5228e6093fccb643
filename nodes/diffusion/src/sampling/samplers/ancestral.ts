/** Where an ancestral step goes: down to a level, and back up by noise. */
export interface Ancestral {
  readonly down: number;
  /** How much unit noise leads from `down` to the step's end: down² + up² = next². */
  readonly up: number;
}

/** Splits a step as the reverse of the forward process does (Ho et al. 2020, section 3.2, in sigma). */
export function ancestral(sigma: number, next: number): Ancestral {
  const up = Math.min(next, Math.sqrt((next ** 2 * (sigma ** 2 - next ** 2)) / sigma ** 2));
  return { down: Math.sqrt(next ** 2 - up ** 2), up };
}

/** A step that adds no noise. */
export const deterministic = (_sigma: number, next: number): Ancestral => ({ down: next, up: 0 });
