import { createReadStream } from "node:fs";

/** BLAKE3 of a stream of bytes, in hex. The library (WebAssembly) is loaded with the first. */
async function hashOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const { createBLAKE3 } = await import("hash-wasm");
  const hasher = await createBLAKE3();
  for await (const chunk of chunks) hasher.update(chunk);
  return hasher.digest("hex");
}

/** BLAKE3 of a file. */
export const blake3OfFile = (path: string): Promise<string> =>
  hashOf(createReadStream(path, { highWaterMark: 2 ** 20 }));

/** BLAKE3 of a text in UTF-8. */
export const blake3OfText = (text: string): Promise<string> => hashOf([Buffer.from(text)]);

/** Reads `blake3:<hex>`, as Comfy API v2 writes hashes; undefined for anything else. */
export const parseHash = (text: string): string | undefined => /^blake3:([0-9a-f]{64})$/.exec(text)?.[1];
