import { Worker } from "node:worker_threads";

export { type Frame, FrameReader, type FrameReaderOptions, writeFrame, writeFrameText } from "./frames.js";

/** Has a thread end this process, however busy it is, within a second or so after the process `parent` is gone. */
export function endWithParent(parent: number): void {
  // It needs next to no heap of its own.
  const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 };
  new Worker(new URL("./watchdog.js", import.meta.url), { workerData: parent, resourceLimits }).unref();
}
