import { boxMuller32, boxMuller64 } from "./box-muller.js";
import { Mt19937 } from "./mt19937.js";

const TWO_PI = 2 * Math.PI;

/**
 * Random numbers as `torch.Generator("cpu")` gives them, call for call: which bits a call takes, and what it leaves
 * behind, are torch's. Normal values agree to 2e-6 and not to the bit, because torch's vectorised float32 logarithm
 * and cosine are themselves that far from exact.
 */
export class TorchGenerator {
  readonly #bits: Mt19937;
  /** The second value of the last pair that the scalar normal path made; it survives across calls. */
  #spare: number | undefined;

  constructor(seed: bigint) {
    this.#bits = new Mt19937(Number(BigInt.asUintN(32, seed)));
  }

  /** `torch.rand(count)`: float32, 0 to 1 exclusive, 24 bits each. */
  rand(count: number): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = this.#uniform24();
    return out;
  }

  /** `torch.randint(0, range, (count,))` for ranges up to 2^53. From 2^28 on torch takes 64 bits a number. */
  randint(range: number, count: number): number[] {
    const draw = range < 2 ** 28 ? () => this.#bits.uint32() % range : () => Number(this.#uint64() % BigInt(range));
    return Array.from({ length: count }, draw);
  }

  /** `torch.randperm(count)`. */
  randperm(count: number): number[] {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = 0; i < count - 1; i++) {
      const other = i + (this.#bits.uint32() % (count - i));
      [order[i], order[other]] = [order[other]!, order[i]!];
    }
    return order;
  }

  /** `torch.randn(count)`: float32. Fewer than 16 values take another path through the generator than 16 or more. */
  randn(count: number): Float32Array {
    const out = new Float32Array(count);
    if (count < 16) return this.#scalar(out);
    for (let i = 0; i < count; i++) out[i] = this.#uniform24();
    return this.#blocks(out, () => this.#uniform24(), boxMuller32);
  }

  /** `torch.randn(count, dtype=torch.float64)`. */
  randn64(count: number): Float64Array {
    const out = new Float64Array(count);
    if (count < 16) return this.#scalar(out);
    for (let i = 0; i < count; i++) out[i] = this.#uniform53();
    return this.#blocks(out, () => this.#uniform53(), boxMuller64);
  }

  /**
   * `torch.randn(count, dtype=torch.float16)`, as float32. Half precision draws each block of 16 as it comes to it, so
   * a rest takes fewer bits than in float32.
   */
  randn16(count: number): Float32Array {
    const out = new Float32Array(count);
    if (count < 16) return this.#scalar(out).map(toHalf);
    for (let at = 0; at < count; at += 16) {
      const block = this.rand(16);
      boxMuller32(block, 0);
      out.set(block, Math.min(at, count - 16));
    }
    return out.map(toHalf);
  }

  #uniform24(): number {
    return (this.#bits.uint32() & 0xff_ffff) / 2 ** 24;
  }

  #uint64(): bigint {
    const high = BigInt(this.#bits.uint32());
    return (high << 32n) | BigInt(this.#bits.uint32());
  }

  #uniform53(): number {
    const high = this.#bits.uint32() & 0x1f_ffff;
    return (high * 2 ** 32 + this.#bits.uint32()) / 2 ** 53;
  }

  /** Pairs in double precision, cosine first; the sine waits for the next call. */
  #scalar<A extends Float32Array | Float64Array>(out: A): A {
    for (let i = 0; i < out.length; i++) {
      if (this.#spare === undefined) {
        const angle = TWO_PI * this.#uniform53();
        const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform53()));
        out[i] = radius * Math.cos(angle);
        this.#spare = radius * Math.sin(angle);
      } else {
        out[i] = this.#spare;
        this.#spare = undefined;
      }
    }
    return out;
  }

  /** Uniforms to normals in blocks of 16. A rest makes the last 16 values be drawn again, whole. */
  #blocks<A extends Float32Array | Float64Array>(
    out: A,
    uniform: () => number,
    block: (out: A, at: number) => void,
  ): A {
    for (let at = 0; at + 16 <= out.length; at += 16) block(out, at);
    if (out.length % 16 !== 0) {
      const at = out.length - 16;
      for (let i = at; i < out.length; i++) out[i] = uniform();
      block(out, at);
    }
    return out;
  }
}

/** The generator of `torch.manual_seed(seed)`. Only the low 32 bits count. Refuses what torch refuses. */
export function torchGenerator(seed: bigint): TorchGenerator {
  if (seed < -(2n ** 63n) || seed >= 2n ** 64n) {
    throw new RangeError(`the seed ${seed} is outside -2^63 to 2^64 - 1`);
  }
  return new TorchGenerator(seed);
}

/** The nearest float16, ties to even. */
function toHalf(value: number): number {
  const size = Math.abs(value);
  if (!(size < 65_520)) return Math.sign(value) * Number.POSITIVE_INFINITY;
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(size))) - 10);
  const units = size / unit;
  const down = Math.floor(units);
  const rest = units - down;
  const rounded = rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
  return Math.sign(value) * rounded * unit;
}
