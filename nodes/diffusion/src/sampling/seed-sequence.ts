/**
 * The words that numpy's `SeedSequence(entropy, spawn_key=…, pool_size=…).generate_state(count)` gives: O'Neill's
 * `seed_seq_fe` (2015), a hash that spreads few bits of entropy over a pool and reads any number of words from it.
 */
export function seedSequence(
  entropy: bigint,
  { spawnKey = [], poolSize, count }: { spawnKey?: readonly number[]; poolSize: number; count: number },
): number[] {
  const seed = words(entropy);
  // A spawned sequence pads its seed to the pool's size, so that no longer seed collides with seed and key together.
  while (spawnKey.length > 0 && seed.length < poolSize) seed.push(0);
  const input = [...seed, ...spawnKey.flatMap((key) => words(BigInt(key)))];
  const hash = hasher(0x43b0_d7e5, 0x931e_8875);
  const pool = Uint32Array.from({ length: poolSize }, (_, i) => hash(input[i] ?? 0));
  for (let from = 0; from < poolSize; from++) {
    for (let to = 0; to < poolSize; to++) if (from !== to) pool[to] = mix(pool[to]!, hash(pool[from]!));
  }
  for (const word of input.slice(poolSize)) {
    for (let to = 0; to < poolSize; to++) pool[to] = mix(pool[to]!, hash(word));
  }
  const read = hasher(0x8b51_f9dd, 0x58f3_8ded);
  return Array.from({ length: count }, (_, i) => read(pool[i % poolSize]!));
}

/** A non-negative integer as 32-bit words, lowest first; zero is one word. */
function words(value: bigint): number[] {
  const out = [Number(value & 0xffff_ffffn)];
  for (let rest = value >> 32n; rest > 0n; rest >>= 32n) out.push(Number(rest & 0xffff_ffffn));
  return out;
}

function hasher(start: number, factor: number): (value: number) => number {
  let constant = start;
  return (value) => {
    const mixed = value ^ constant;
    constant = Math.imul(constant, factor);
    const product = Math.imul(mixed, constant);
    return (product ^ (product >>> 16)) >>> 0;
  };
}

function mix(x: number, y: number): number {
  const result = (Math.imul(0xca01_f9dd, x) - Math.imul(0x4973_f715, y)) | 0;
  return (result ^ (result >>> 16)) >>> 0;
}
