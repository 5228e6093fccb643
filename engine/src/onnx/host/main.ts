/**
 * The inference host: a process that runs ONNX Runtime sessions and nothing else. ONNX Runtime blocks this thread. The
 * clients of a host that is shared are talked to in another one (reception.ts), which ends the process, too; the one
 * client of a host that is not, here (alone.ts).
 */
import { Worker } from "node:worker_threads";
import { serveOwner } from "./alone.js";
import type { ToDevice } from "./device.js";
import type { HostConfig } from "./messages.js";

// Ctrl-C in a terminal reaches the whole process group, and service managers end all at once; when to stop is the
// parent's decision.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});

const config = JSON.parse(process.argv[2] ?? "") as HostConfig;

const open = async () => {
  const [{ Device }, { Sessions }] = await Promise.all([import("./device.js"), import("./sessions.js")]);
  return new Device(new Sessions(config));
};

if (config.shared) receive();
else {
  const opening = open();
  serveOwner(async (told) => (await opening).handle(told));
}

/** One thing after the other. A failure here is nobody's: it ends the process. */
function receive(): void {
  const reception = new Worker(new URL("./reception.js", import.meta.url), {
    workerData: process.ppid,
    // It holds headers; tensors lie outside of its heap.
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
  });
  const opening = open();
  let last: Promise<void> = opening.then(() => {});
  reception.on("message", (message: ToDevice) => {
    last = last.then(async () => {
      const answer = await (await opening).handle(message);
      if (answer) reception.postMessage(answer);
    });
  });
}
