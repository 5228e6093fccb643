import type { Writable } from "node:stream";
import { type Preview, type RunEvent, stringifyJson } from "@mezzotint/engine";
import { writeFrameText } from "@mezzotint/engine/process";
import { eventText } from "./event-text.js";
import type { Ended, FromWorker, Which } from "./messages.js";

/** Bytes that wait for the server, beyond which progress and previews are left out: nobody keeps up with them. */
const BUSY = 2 ** 20;
/** Characters of events that go out together; the server refuses headers of 16 MiB. */
const BATCH = 2 ** 20;

/** Tells the server about one run: events of one turn of the event loop go together. */
export interface Outbox {
  readonly event: (event: RunEvent) => void;
  /** Sends what waits, and then how it ended. */
  readonly ended: (ended: Ended) => void;
}

/** Tells the server something that has no parts, or whose parts are given. */
export function tellServer(
  stream: Writable,
  message:
    | Exclude<FromWorker, { definitions: unknown }>
    | { readonly type: "ready" | "described"; readonly id?: number },
  parts: readonly Uint8Array[] = [],
): void {
  writeFrameText(stream, stringifyJson(message), parts);
}

/** Opens the outbox of a run. */
export function outbox(stream: Writable, { job, attempt }: Which): Outbox {
  // What replaces each other has a key of its own: of a turn's progress and previews of a node only the last counts.
  const waiting = new Map<string, { readonly text: string; readonly bytes?: Uint8Array }>();
  let size = 0;
  let count = 0;
  let scheduled = false;

  const flush = () => {
    scheduled = false;
    if (waiting.size === 0) return;
    const events = [...waiting.values()];
    waiting.clear();
    size = 0;
    const head = stringifyJson({ type: "events", job, attempt });
    const text = `${head.slice(0, -1)},"events":[${events.map((event) => event.text).join(",")}]}`;
    writeFrameText(
      stream,
      text,
      events.flatMap(({ bytes }) => (bytes ? [bytes] : [])),
    );
  };

  const put = (key: string, text: string, bytes?: Uint8Array) => {
    waiting.delete(key);
    waiting.set(key, { text, ...(bytes && { bytes }) });
    size += text.length;
    if (size > BATCH) flush();
    else if (!scheduled) {
      scheduled = true;
      setImmediate(flush);
    }
  };

  const deliver = (event: Extract<RunEvent, { type: "preview" }>) => {
    if (!isPreview(event.preview)) return;
    const { bytes, mime } = event.preview;
    put(String(count++), stringifyJson({ ...event, preview: { mime, delivered: true } }), bytes);
  };

  return {
    event: (event) => {
      if (event.type !== "progress" && event.type !== "preview") return put(String(count++), eventText(event));
      if (event.type === "preview" && event.preview.delivered) return deliver(event);
      if (stream.writableLength > BUSY) return;
      const key = `${event.type} ${event.node}`;
      if (event.type === "preview") {
        if (!isPreview(event.preview)) return;
        const { bytes, mime } = event.preview;
        put(key, stringifyJson({ ...event, preview: { mime } }), bytes);
      } else if (Number.isFinite(event.done) && Number.isFinite(event.total)) put(key, stringifyJson(event));
    },
    ended: (ended) => {
      flush();
      tellServer(stream, { type: "ended", job, attempt, ended });
    },
  };
}

const MIMES: ReadonlySet<string> = new Set<Preview["mime"]>(["image/jpeg", "image/png", "image/webp"]);

/** Packs in JavaScript may give anything. */
const isPreview = ({ mime, bytes }: Preview): boolean => MIMES.has(mime) && bytes instanceof Uint8Array;
