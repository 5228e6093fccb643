import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

/** Real configurations are a few kilobytes. */
const MAX_BYTES = 8 * 2 ** 20;

/** A JSON object read from a file, with checked access to its fields. Errors name the file and the field. */
export class ConfigFile {
  readonly path: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(path: string, fields: Readonly<Record<string, unknown>>) {
    this.path = path;
    this.#fields = fields;
  }

  /** The field's value; undefined if it is absent or null. */
  get(field: string): unknown {
    return (Object.hasOwn(this.#fields, field) ? this.#fields[field] : undefined) ?? undefined;
  }

  /** A whole number from `min` up to a million, or the default. */
  count<D>(field: string, fallback: D, min = 1): number | D {
    const value = this.get(field);
    if (value === undefined) return fallback;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= 1e6) return value as number;
    throw this.error(field, `a whole number from ${min}`);
  }

  /** A finite number above zero, or the default. */
  positive(field: string, fallback: number): number {
    const value = this.get(field) ?? fallback;
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
    throw this.error(field, "a number above 0");
  }

  /** One of these values; the first if the field is absent. */
  oneOf<const T extends string | number | boolean>(field: string, allowed: readonly [T, ...T[]]): T {
    const value = this.get(field) ?? allowed[0];
    if (allowed.includes(value as T)) return value as T;
    throw this.error(field, allowed.map((one) => JSON.stringify(one)).join(" or "));
  }

  error(field: string, wanted: string): Error {
    const found = (JSON.stringify(this.get(field)) ?? "missing").slice(0, 80);
    return new Error(`${this.path}: ${field} is ${found}, it must be ${wanted}`);
  }
}

/** Reads a folder's JSON object; undefined when there is no such file. */
export async function readConfig(folder: string, name: string): Promise<ConfigFile | undefined> {
  const path = join(folder, name);
  // Not even opening may wait: a pipe would, for its writer.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
      throw new Error(`${path} cannot be opened: ${cause.message}`);
    },
  );
  if (!file) return undefined;
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new Error(`${path} is not a regular file`);
    const { size } = info;
    if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes, too many for a configuration`);
    const value: unknown = parse(path, await file.readFile("utf8"));
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Error(`${path} holds no JSON object`);
    return new ConfigFile(path, value as Record<string, unknown>);
  } finally {
    await file.close();
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON: ${(cause as Error).message}`);
  }
}
