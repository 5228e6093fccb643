import { type Readable, Transform } from "node:stream";
import { parseJson } from "@mezzotint/engine";
import type { Request } from "express";
import { MOST_VALUES } from "../../security/body.js";
import { Refusal } from "./refusal.js";

const count = (bytes: number): string => bytes.toLocaleString("en-US");

const tooLarge = (limit: number) => new Refusal(413, `the request is larger than the limit of ${count(limit)} bytes`);

/**
 * A request's body as a stream that fails with a `Refusal` when it grows past `limit` bytes or the client goes away.
 * Failing leaves the connection open, so that the client can be told why.
 */
export function bodyOf(request: Request, limit: number): Readable {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") throw new Refusal(415, `the content encoding ${JSON.stringify(encoding)} is not taken`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge(limit);
  if (request.destroyed && !request.complete) throw new Refusal(400, "the request was broken off");
  let bytes = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limit) done(tooLarge(limit));
      else done(null, chunk);
    },
  });
  const brokenOff = () => {
    if (!request.complete) body.destroy(new Refusal(400, "the request was broken off"));
  };
  request.once("close", brokenOff);
  // It may fail before anybody reads it; whoever reads it still gets the error.
  body.on("error", () => undefined);
  body.once("close", () => {
    request.off("close", brokenOff);
    request.unpipe(body);
    request.resume();
  });
  return request.pipe(body);
}

/** A JSON body, whatever its content type says; 64-bit integers stay exact. Throws a `Refusal` (400, 413, 415). */
export async function jsonBody(request: Request, limit: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of bodyOf(request, limit)) chunks.push(chunk as Buffer);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
    return parseJson(text, { values: MOST_VALUES });
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : "it is not valid UTF-8";
    throw new Refusal(400, `the body is not JSON: ${reason}`, { cause });
  }
}
