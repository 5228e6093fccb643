/** A stored tensor under its canonical name: all of it, or some of its rows. */
export interface Alias {
  readonly name: string;
  readonly rows?: readonly [from: number, to: number];
}

/**
 * Tells what a stored key (without its prefix) is called in our networks, which read diffusers' and transformers'
 * names. Nothing: the key is no part of the network.
 */
export type Naming = (key: string, shape: readonly number[]) => readonly Alias[];

/** Rewrites a key by the first rule that matches; a key that none matches stays. */
export function rewritten(key: string, rules: readonly (readonly [RegExp, string])[]): string {
  const rule = rules.find(([pattern]) => pattern.test(key));
  return rule ? key.replace(rule[0], rule[1]) : key;
}
