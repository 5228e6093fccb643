import type { Socket } from "node:net";
import { type Frame, FrameReader, writeFrame } from "../../process/index.js";
import type { Desk, Visit } from "./desk.js";
import type { Request } from "./messages.js";

/**
 * Serves a client until its stream ends, or says what makes no sense. `special`: takes what is not for the desk, and says
 * whether it did.
 */
export function serveClient(desk: Desk, stream: Socket, special: (frame: Frame<Request>) => boolean): void {
  const client = desk.join(({ message, parts }) => writeFrame(stream, message, parts));
  const frames = new FrameReader<Request>();
  stream.on("data", (chunk: Uint8Array) => {
    try {
      for (const frame of frames.push(chunk)) if (!special(frame)) desk.hear(client, frame as Frame<Visit>);
    } catch (error) {
      process.stderr.write(`a client of the inference host is dismissed: ${(error as Error).message}\n`);
      stream.destroy();
    }
  });
  stream.on("error", () => {}); // it closes, too
  stream.on("close", () => desk.leave(client));
}
