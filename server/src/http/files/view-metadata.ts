import { stringifyJson } from "@mezzotint/engine";
import type { RequestHandler } from "express";
import { z } from "zod";
import { relativePath } from "./names.js";
import { readHead } from "./read-file.js";
import { Refusal } from "./refusal.js";
import type { FileServices } from "./routes.js";

/** Parsing a header stops the server for its length: the format allows 100 MB, the largest known have about 2. */
const MAX_HEADER = 8 * 2 ** 20;

export const ModelQuery = z.object({ filename: z.string().min(1).max(2048) });
export const ModelFolder = z.object({ folder: z.string().regex(/^[\w-]{1,64}$/, "is not a kind of models") });

const nothing = (name: string) => new Refusal(404, `${JSON.stringify(name)} has no metadata that can be read`);

function modelPath(folders: FileServices["folders"], kind: string, name: string): string {
  try {
    return folders.model(kind, name);
  } catch (cause) {
    // Its message lists the machine's folders.
    throw new Refusal(404, `there is no model ${JSON.stringify(name)} of kind ${JSON.stringify(kind)}`, { cause });
  }
}

/** `GET /view_metadata/{folder}?filename`: what the maker of a `.safetensors` file wrote into its header. */
export const viewMetadata =
  ({ folders }: FileServices): RequestHandler =>
  async (request, response) => {
    const { folder } = ModelFolder.parse(request.params);
    const { filename } = ModelQuery.parse(request.query);
    const name = await relativePath(filename);
    if (!/\.(?:safetensors|sft)$/i.test(name)) throw nothing(name);
    const path = modelPath(folders, folder, name);
    const start = await readHead(path, 8);
    if (start.length < 8 || start.readBigUInt64LE(0) > MAX_HEADER) throw nothing(name);
    const { readHeader, WeightsError } = await import("@mezzotint/engine/onnx");
    const { metadata } = await readHeader(path).catch((error: unknown) => {
      throw error instanceof WeightsError ? nothing(name) : error;
    });
    if (Object.keys(metadata).length === 0) throw nothing(name);
    response.type("json").send(stringifyJson(metadata));
  };
