import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isStoredType, STORED, type StoredType } from "./dtype.js";

/** Where one tensor lies: nothing of its data has been read. */
export interface TensorEntry {
  /** Path of the file that holds it. */
  readonly file: string;
  /** Its key in that file. */
  readonly key: string;
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  /** Byte position in the file, from its very start. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** The header of a `.safetensors` file, checked: every entry lies inside the file and fits its dtype and shape. */
export interface SafetensorsFile {
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** The file's own notes (`__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** A weights file that cannot be used: the message names the file, the key (if it is about one) and the reason. */
export class WeightsError extends Error {
  override readonly name = "WeightsError";
  readonly file: string;
  readonly key: string | undefined;
  constructor(file: string, key: string | undefined, reason: string) {
    super(key === undefined ? `${file}: ${reason}` : `${file}: key ${JSON.stringify(key)}: ${reason}`);
    this.file = file;
    this.key = key;
  }
}

/** The format's own bound on a header, in bytes. */
const MAX_HEADER = 100_000_000;
const MAX_RANK = 16;
/** Opening a pipe would wait for its writer for ever. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads and checks the header of a `.safetensors` file; tensor data stays on disk. Throws a {@link WeightsError} for
 * anything that the format forbids (https://huggingface.co/docs/safetensors), before allocating what the file claims.
 */
export async function readHeader(path: string): Promise<SafetensorsFile> {
  const file = await open(path, READ).catch((cause: NodeJS.ErrnoException) => {
    throw new WeightsError(
      path,
      undefined,
      cause.code === "ENOENT" ? "no such file" : `cannot be opened: ${cause.message}`,
    );
  });
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new WeightsError(path, undefined, "not a regular file");
    const { json, data } = await headerText(file, path, info.size);
    return { path, size: info.size, ...parseHeader(path, json, data, info.size) };
  } finally {
    await file.close();
  }
}

/** The keys of several files as one set (a sharded checkpoint). A key in two files is an error. */
export function mergeTensors(files: Iterable<SafetensorsFile>): ReadonlyMap<string, TensorEntry> {
  const merged = new Map<string, TensorEntry>();
  for (const file of files)
    for (const [key, entry] of file.tensors) {
      const other = merged.get(key);
      if (other) throw new WeightsError(file.path, key, `also in ${other.file}; each key must be in one file`);
      merged.set(key, entry);
    }
  return merged;
}

async function headerText(file: FileHandle, path: string, size: number): Promise<{ json: string; data: number }> {
  const fail = (reason: string): never => {
    throw new WeightsError(path, undefined, reason);
  };
  const start = Buffer.alloc(Math.min(size, 64));
  await readFully(file, start, 0, path);
  if (size < 8) fail(`${foreign(start) ?? "not a safetensors file"} (only ${size} bytes)`);
  const length = start.readBigUInt64LE(0);
  const data = 8n + length;
  if (length < 2n || length > BigInt(MAX_HEADER) || data > BigInt(size)) {
    const kind = foreign(start);
    if (kind) fail(kind);
    if (length < 2n) fail(`the header length is ${length}, too short for a header`);
    if (length > BigInt(MAX_HEADER))
      fail(
        `it is not a safetensors file: by its first eight bytes the header has ${length} bytes, the format allows ${MAX_HEADER}`,
      );
    fail(`the header claims ${length} bytes but the file has ${size}; it is truncated or not a safetensors file`);
  }
  if (start[8] !== 0x7b) fail(foreign(start) ?? "the header is not a JSON object; not a safetensors file");
  const bytes = Buffer.alloc(Number(length));
  await readFully(file, bytes, 8, path);
  try {
    return { json: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), data: Number(data) };
  } catch {
    return fail("the header is not valid UTF-8");
  }
}

async function readFully(file: FileHandle, into: Buffer, position: number, path: string): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new WeightsError(path, undefined, "the file got shorter while it was read");
    done += bytesRead;
  }
}

/** What a file is instead of safetensors, if its first bytes tell. */
function foreign(start: Buffer): string | undefined {
  const text = start.toString("latin1");
  const pickle =
    "a pickle can run any code when it is opened, so it is never read here: convert it to .safetensors with a tool you trust";
  if (text.startsWith("PK\x03\x04"))
    return `this is a zip archive, most likely a PyTorch checkpoint (pickle); ${pickle}`;
  if (start[0] === 0x80 && start[1] !== undefined && start[1] >= 2 && start[1] <= 5)
    return `this is a Python pickle (.ckpt, .pt, .bin); ${pickle}`;
  if (text.startsWith("GGUF")) return "this is a GGUF file; only .safetensors is read";
  if (text.startsWith("version https://git-lfs"))
    return "this is a Git LFS pointer, not the weights; run `git lfs pull`";
  if (/^\s*<(!doctype|html)/i.test(text)) return "this is a web page, not weights; the download went wrong";
  return undefined;
}

function parseHeader(
  path: string,
  json: string,
  data: number,
  size: number,
): Pick<SafetensorsFile, "metadata" | "tensors"> {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch (cause) {
    throw new WeightsError(path, undefined, `the header is not JSON: ${(cause as Error).message}`);
  }
  if (!isRecord(header)) throw new WeightsError(path, undefined, "the header is not a JSON object");
  const names = Object.keys(header);
  const twice = duplicateKey(json, names.length);
  if (twice !== undefined) throw new WeightsError(path, twice, "twice in the header");

  const tensors = new Map<string, TensorEntry>();
  for (const key of names) if (key !== "__metadata__") tensors.set(key, parseEntry(path, key, header[key], data, size));
  checkLayout(path, tensors, data, size);
  return { metadata: parseMetadata(path, header.__metadata__), tensors };
}

function parseMetadata(path: string, metadata: unknown): Record<string, string> {
  if (metadata === undefined || metadata === null) return {};
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string"))
    throw new WeightsError(path, "__metadata__", "must map strings to strings");
  return metadata as Record<string, string>;
}

function parseEntry(path: string, key: string, entry: unknown, data: number, size: number): TensorEntry {
  const fail = (reason: string): never => {
    throw new WeightsError(path, key, reason);
  };
  if (!isRecord(entry)) return fail("the entry is not an object with dtype, shape and data_offsets");
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isStoredType(dtype)) return fail(`dtype ${show(dtype)} is not one of ${Object.keys(STORED).join(", ")}`);
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isCount))
    return fail(`shape ${show(shape)} is not a list of at most ${MAX_RANK} whole numbers`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return fail(`data_offsets ${show(offsets)} is not a pair of whole numbers`);
  const [begin, end] = offsets as [number, number];
  if (begin > end) return fail(`data_offsets ${show(offsets)} end before they begin`);
  if (end > size - data)
    return fail(`data ends at byte ${end} but the file has only ${size - data} bytes of data; it is truncated`);
  const wanted = shape.reduce<bigint>((product, n) => product * BigInt(n), BigInt(STORED[dtype].bytes));
  if (wanted !== BigInt(end - begin))
    return fail(`${dtype} ${show(shape)} takes ${wanted} bytes, data_offsets hold ${end - begin}`);
  return { file: path, key, dtype, shape, offset: data + begin, length: end - begin };
}

/** The format allows neither overlaps nor bytes that belong to no tensor. */
function checkLayout(path: string, tensors: ReadonlyMap<string, TensorEntry>, data: number, size: number): void {
  let end = data;
  for (const entry of [...tensors.values()].sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    if (entry.offset < end) throw new WeightsError(path, entry.key, "its data overlaps another tensor's");
    if (entry.offset > end)
      throw new WeightsError(path, entry.key, `${entry.offset - end} bytes before it belong to no tensor`);
    end = entry.offset + entry.length;
  }
  if (end < size) throw new WeightsError(path, undefined, `${size - end} bytes at its end belong to no tensor`);
}

/** The first key that stands twice at the top level, which `JSON.parse` would hide. */
function duplicateKey(json: string, distinct: number): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let count = 0;
  let key = true;
  for (let i = 0; i < json.length; i++) {
    const c = json.charCodeAt(i);
    if (c === 0x22) {
      const start = i++;
      while (json.charCodeAt(i) !== 0x22) i += json.charCodeAt(i) === 0x5c ? 2 : 1;
      if (depth !== 1 || !key) continue;
      const name = JSON.parse(json.slice(start, i + 1)) as string;
      if (seen.has(name)) return name;
      seen.add(name);
      if (++count > distinct) return name;
      key = false;
    } else if (c === 0x7b || c === 0x5b) depth++;
    else if (c === 0x7d || c === 0x5d) depth--;
    else if (c === 0x2c && depth === 1) key = true;
  }
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const show = (value: unknown): string => (JSON.stringify(value) ?? "missing").slice(0, 80);
