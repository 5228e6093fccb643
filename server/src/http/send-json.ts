import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";

/** Sends a JSON text. */
export const sendJson = (response: Response, text: string): void => void response.type("json").send(text);

/** Sends JSON piece by piece, as fast as the client reads: what is long is never in memory at once. */
export async function streamJson(response: Response, pieces: AsyncIterable<string>): Promise<void> {
  response.type("json");
  try {
    await pipeline(Readable.from(pieces), response);
  } catch (error) {
    // A client that went away has no use for an answer, nor we for its reason.
    if (!response.destroyed || !isAbort(error)) throw error;
  }
}

const isAbort = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";

/** The pieces of a JSON object or list, between its brackets. */
export async function* enclosed(open: string, items: AsyncIterable<string>, close: string): AsyncGenerator<string> {
  let separator = open;
  for await (const item of items) {
    yield separator + item;
    separator = ",";
  }
  yield separator === open ? open + close : close;
}
