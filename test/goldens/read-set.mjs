// @ts-check
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readHeader } from "@mezzotint/engine/onnx";

/**
 * A tensor of a set: row-major, as numbers.
 * @typedef {{ dims: readonly number[], data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array }} Stored
 */

/**
 * A case of a manifest: what was called, with which files, and fields of its own.
 * @typedef {{ id: string, files: Record<string, string>, tolerance: { atol: number, rtol: number },
 *   [field: string]: any }} Case
 */

/** The set itself is at fault: it is not there, not whole, or not a set. */
export class SetError extends Error {}

/** A folder of reference numbers with its manifest (README.md says what is in them). */
export class GoldenSet {
  /** @type {string} */
  dir;
  /** @type {readonly Case[]} */
  cases;
  /** @type {Map<string, Promise<Map<string, Stored>>>} */
  #read = new Map();

  /** @param {string} dir @param {readonly Case[]} cases */
  constructor(dir, cases) {
    this.dir = dir;
    this.cases = cases;
  }

  /** Where a file that a case names lies. @param {string | undefined} file @returns {string} */
  path(file) {
    if (file === undefined) throw new SetError(`${this.dir}/manifest.json: a case lacks one of its files`);
    return join(this.dir, file);
  }

  /** A JSON file of the set. @param {string | undefined} file @returns {Promise<any>} */
  async json(file) {
    return parse(this.path(file));
  }

  /** Every tensor of a file; read once. @param {string | undefined} file */
  tensors(file) {
    const path = this.path(file);
    const known = this.#read.get(path) ?? readTensors(path);
    this.#read.set(path, known);
    return known;
  }
}

/** Opens a set, or throws a {@link SetError}. @param {string} dir */
export async function openSet(dir) {
  const path = join(dir, "manifest.json");
  const { cases } = await parse(path);
  const whole = Array.isArray(cases) && cases.every((c) => typeof c?.id === "string" && typeof c.files === "object");
  if (!whole) throw new SetError(`${path} has no list of cases with an id and files`);
  return new GoldenSet(dir, cases);
}

/** A tensor by name. @param {Map<string, Stored>} tensors @param {string} name @returns {Stored} */
export function tensor(tensors, name) {
  const found = tensors.get(name);
  if (found === undefined) throw new SetError(`the set has no tensor ${name}`);
  return found;
}

/** A float32 tensor by name. @param {Map<string, Stored>} tensors @param {string} name */
export function floats(tensors, name) {
  const { dims, data } = tensor(tensors, name);
  if (!(data instanceof Float32Array)) throw new SetError(`the set's tensor ${name} is not float32`);
  return { dims, data };
}

/** @param {string} path @returns {Promise<any>} */
async function parse(path) {
  try {
    const value = JSON.parse(await readFile(path, "utf8"));
    if (typeof value === "object" && value !== null) return value;
  } catch (error) {
    throw new SetError(`${path} cannot be read: ${/** @type {Error} */ (error).message}`);
  }
  throw new SetError(`${path} is not a JSON object`);
}

/** @param {string} path */
async function readTensors(path) {
  try {
    const { tensors } = await readHeader(path);
    const bytes = await readFile(path);
    /** @type {Map<string, Stored>} */
    const read = new Map();
    for (const [name, { dtype, shape, offset, length }] of tensors)
      read.set(name, {
        dims: shape,
        data: decode(dtype, bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length)),
      });
    return read;
  } catch (error) {
    throw new SetError(/** @type {Error} */ (error).message);
  }
}

/** @param {string} dtype @param {ArrayBuffer | SharedArrayBuffer} bytes @returns {Stored["data"]} */
function decode(dtype, bytes) {
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes);
    case "F64":
      return new Float64Array(bytes);
    case "I32":
      return new Int32Array(bytes);
    case "I64":
      return new BigInt64Array(bytes);
    case "U8":
    case "BOOL":
      return new Uint8Array(bytes);
    default:
      throw new Error(`inputs and outputs of type ${dtype} are not read`);
  }
}
