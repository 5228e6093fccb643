import type { Writable } from "node:stream";

/** A message and the raw bytes that belong to it. Each part starts at a multiple of 8 in its buffer. */
export interface Frame<M> {
  readonly message: M;
  readonly parts: readonly Uint8Array[];
}

/** What a frame starts with: the bytes of its JSON header (uint32) and of all its parts (uint64), little-endian. */
const PREFIX = 12;
/** A header beyond this is not one of ours, but noise on the wire. */
const MAX_HEADER = 2 ** 24;
const MAX_PARTS = 2 ** 33;

/** How to read frames. */
export interface FrameReaderOptions {
  /** Reads the JSON of a header; `JSON.parse` by default. */
  readonly parse?: (text: string) => unknown;
  /** Bytes of a frame's parts together; 8 GiB by default. */
  readonly maxParts?: number;
}

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;
const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** Writes a frame at once. The parts are not copied: leave them as they are until they are sent. */
export const writeFrame = (stream: Writable, message: unknown, parts?: readonly ArrayBufferView[]): void =>
  writeFrameText(stream, JSON.stringify(message), parts);

/** Does the same with a message that is JSON text already. */
export function writeFrameText(stream: Writable, message: string, parts: readonly ArrayBufferView[] = []): void {
  const header = Buffer.from(`{"message":${message},"lengths":[${parts.map((part) => part.byteLength)}]}`);
  const start = Buffer.alloc(PREFIX + header.length);
  start.writeUInt32LE(header.length, 0);
  start.writeBigUInt64LE(BigInt(parts.reduce((sum, part) => sum + padded(part.byteLength), 0)), 4);
  start.set(header, PREFIX);
  stream.cork();
  stream.write(start);
  for (const part of parts) {
    if (part.byteLength > 0) stream.write(bytesOf(part));
    const padding = padded(part.byteLength) - part.byteLength;
    if (padding > 0) stream.write(new Uint8Array(padding));
  }
  stream.uncork();
}

/** Cuts a byte stream into frames. It is synchronous: async iteration of the stream cost more than small runs do. */
export class FrameReader<M> {
  readonly #parse: (text: string) => unknown;
  readonly #maxParts: number;
  readonly #prefix = Buffer.alloc(PREFIX);
  #header: Buffer = this.#prefix;
  #body: Uint8Array | undefined;
  /** What is being filled: the prefix, the header, or the body. */
  #target: Uint8Array = this.#prefix;
  #filled = 0;

  constructor({ parse = JSON.parse, maxParts = MAX_PARTS }: FrameReaderOptions = {}) {
    this.#parse = parse;
    this.#maxParts = maxParts;
  }

  /** Takes the next bytes and gives the frames that they complete. Throws for bytes that are no frames. */
  push(chunk: Uint8Array): Frame<M>[] {
    const frames: Frame<M>[] = [];
    for (let rest = chunk; rest.length > 0; ) {
      const count = Math.min(rest.length, this.#target.length - this.#filled);
      this.#target.set(rest.subarray(0, count), this.#filled);
      this.#filled += count;
      rest = rest.subarray(count);
      while (this.#filled === this.#target.length) {
        const frame = this.#advance();
        if (frame) frames.push(frame);
      }
    }
    return frames;
  }

  #advance(): Frame<M> | undefined {
    this.#filled = 0;
    if (this.#target === this.#prefix) {
      const [length, size] = [this.#prefix.readUInt32LE(0), Number(this.#prefix.readBigUInt64LE(4))];
      if (length > MAX_HEADER || size > this.#maxParts) throw new Error(`a message claims ${length} + ${size} bytes`);
      this.#target = this.#header = Buffer.alloc(length);
      this.#body = new Uint8Array(size);
      return undefined;
    }
    if (this.#target === this.#header) {
      this.#target = this.#body as Uint8Array;
      return undefined;
    }
    this.#target = this.#prefix;
    return cut<M>(this.#parse(this.#header.toString()), this.#body as Uint8Array);
  }
}

function cut<M>(header: unknown, body: Uint8Array): Frame<M> {
  const { message, lengths } = header as { message: M; lengths: number[] };
  let offset = 0;
  const parts = lengths.map((bytes) => {
    const part = body.subarray(offset, offset + bytes);
    offset += padded(bytes);
    return part;
  });
  if (offset !== body.length) throw new Error("the parts of a message do not add up");
  return { message, parts };
}
