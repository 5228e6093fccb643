import type { Response } from "express";

/** What one event says. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
}

/** A stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface EventStream {
  /** Whether the client has read what it got: who sends only then holds one event at most for a client that does not read. */
  readonly ready: () => boolean;
  readonly send: (event: ServerSentEvent) => void;
  readonly end: () => void;
}

/** How it is run. */
export interface EventStreamOptions {
  /** The client has read what it got. */
  readonly onReady: () => void;
  /** It is over, whoever ended it. */
  readonly onClose: () => void;
}

/** A line that says nothing, so often that no proxy takes the connection for dead; in milliseconds. */
const HEARTBEAT = 15_000;
/** Who has read nothing for so long is gone. */
const PATIENCE = 60_000;
/** A client that lost its connection comes back after this. */
const RECONNECT = 2000;

/** Opens one on an answer that has not begun. */
export function openEventStream(response: Response, { onReady, onClose }: EventStreamOptions): EventStream {
  response.status(200).set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    // Nginx would gather events.
    "X-Accel-Buffering": "no",
  });
  /** Milliseconds of the process: clocks jump. */
  let waitsSince: number | undefined;
  const write = (text: string): void => {
    if (!response.write(text)) waitsSince ??= performance.now();
  };
  write(`retry: ${RECONNECT}\n\n`);
  const heart = setInterval(() => {
    if (waitsSince === undefined) write(": still here\n\n");
    else if (performance.now() - waitsSince > PATIENCE) response.destroy();
  }, HEARTBEAT);
  response.on("drain", () => {
    waitsSince = undefined;
    onReady();
  });
  response.once("close", () => {
    clearInterval(heart);
    onClose();
  });
  return {
    ready: () => waitsSince === undefined && !response.destroyed && !response.writableEnded,
    send: ({ event, data, id }) => {
      // JSON has no line ends outside of its strings, and escapes them inside.
      write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    end: () => void response.end(),
  };
}
