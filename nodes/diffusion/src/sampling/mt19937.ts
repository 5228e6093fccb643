const SIZE = 624;
const SHIFT = 397;

/** The 32-bit Mersenne Twister (Matsumoto and Nishimura 1998), seeded as C++'s `std::mt19937` and torch seed it. */
export class Mt19937 {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** Only the low 32 bits of the seed count. */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < SIZE; i++) {
      const last = state[i - 1]!;
      state[i] = Math.imul(last ^ (last >>> 30), 1_812_433_253) + i;
    }
  }

  /** The next 32 random bits, 0 to 2^32 - 1. */
  uint32(): number {
    if (this.#next === SIZE) this.#twist();
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c_5680;
    y ^= (y << 15) & 0xefc6_0000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    // Two runs, so that no index needs a remainder: `from` wraps once, and the last word's neighbour is the first.
    for (let i = 0; i < SIZE - SHIFT; i++) state[i] = state[i + SHIFT]! ^ twisted(state[i]!, state[i + 1]!);
    for (let i = SIZE - SHIFT; i < SIZE - 1; i++) {
      state[i] = state[i + SHIFT - SIZE]! ^ twisted(state[i]!, state[i + 1]!);
    }
    state[SIZE - 1] = state[SHIFT - 1]! ^ twisted(state[SIZE - 1]!, state[0]!);
    this.#next = 0;
  }
}

/** The top bit of one word and the rest of the next, through the twister's matrix. */
const twisted = (word: number, next: number): number =>
  (((word & 0x8000_0000) | (next & 0x7fff_ffff)) >>> 1) ^ (-(next & 1) & 0x9908_b0df);
