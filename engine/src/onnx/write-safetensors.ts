import { writeFile } from "node:fs/promises";
import type { StoredType } from "./dtype.js";

/** A tensor to be stored: raw little-endian bytes of `dtype`, row-major. */
export interface StoredTensor {
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/** Writes a `.safetensors` file; the header is padded so that data starts at a multiple of 8 bytes. */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  let end = 0;
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  for (const [key, { dtype, shape, data }] of Object.entries(tensors)) {
    header[key] = { dtype, shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const text = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const parts = Object.values(tensors).map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  await writeFile(path, [length, text, ...parts]);
}
