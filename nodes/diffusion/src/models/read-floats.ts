import { open } from "node:fs/promises";
import { type TensorEntry, WeightsError } from "@mezzotint/engine/onnx";

/**
 * The values of a stored tensor, or of its first `most`, as float32; nothing for a type that is no plain float. The
 * caller bounds the size: it is allocated at once.
 */
export async function readFloats(
  { file, key, dtype, offset, length }: TensorEntry,
  { most = Number.POSITIVE_INFINITY }: { readonly most?: number } = {},
): Promise<Float32Array | undefined> {
  const width = { F64: 8, F32: 4, F16: 2, BF16: 2 }[dtype as string];
  if (width === undefined) return undefined;
  const bytes = new DataView(new ArrayBuffer(Math.min(length, most * width)));
  const handle = await open(file, "r");
  try {
    const { bytesRead } = await handle.read(bytes, 0, bytes.byteLength, offset);
    if (bytesRead < bytes.byteLength) throw new WeightsError(file, key, "the file got shorter while it was read");
  } finally {
    await handle.close();
  }
  return Float32Array.from({ length: bytes.byteLength / width }, (_, i) => valueAt(bytes, dtype, width * i));
}

function valueAt(bytes: DataView, dtype: TensorEntry["dtype"], at: number): number {
  switch (dtype) {
    case "F64":
      return bytes.getFloat64(at, true);
    case "F16":
      return fromHalf(bytes.getUint16(at, true));
    case "BF16":
      return fromBrain(bytes.getUint16(at, true));
    default:
      return bytes.getFloat32(at, true);
  }
}

/** IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const wide = new DataView(new ArrayBuffer(4));

/** bfloat16: the upper half of a float32. */
function fromBrain(bits: number): number {
  wide.setUint32(0, bits << 16);
  return wide.getFloat32(0);
}
