import type { Writable } from "node:stream";
import { parseJson, stringifyJson } from "@mezzotint/engine";
import { type Frame, writeFrameText } from "@mezzotint/engine/process";
import type { ToWorker } from "./messages.js";

/** Texts that are JSON themselves travel as raw parts: nobody escapes them, and headers stay small. */
const TEXTS = ["prompt", "extra"] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Tells a worker something. */
export function tellWorker(stream: Writable, message: ToWorker): void {
  const texts = TEXTS.flatMap((name) =>
    name in message ? [(message as Record<string, unknown>)[name] as string] : [],
  );
  const head = Object.fromEntries(Object.entries(message).filter(([name]) => !TEXTS.some((text) => text === name)));
  writeFrameText(
    stream,
    stringifyJson(head),
    texts.map((text) => encoder.encode(text)),
  );
}

/** What the server told. It is trusted: it has checked what it passes on. */
export function fromServer({ message, parts }: Frame<unknown>): ToWorker {
  const texts = parts.map((part, i) => [TEXTS[i], decoder.decode(part)] as const);
  return { ...(message as object), ...Object.fromEntries(texts) } as ToWorker;
}

/** JSON in the bytes of a part. */
export const jsonPart = (value: unknown): Uint8Array => encoder.encode(stringifyJson(value));

/** Reads a part that is JSON. Throws a SyntaxError when it is none. */
export const parsePart = (part: Uint8Array | undefined): unknown => parseJson(decoder.decode(part));
