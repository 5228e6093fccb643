/** The inference host: a process that runs ONNX Runtime sessions and nothing else. File descriptor 3 is its client. */
import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import type { HostConfig } from "./messages.js";
import { serve } from "./serve.js";
import { Sessions } from "./sessions.js";

// Ctrl-C in a terminal reaches the whole process group; when to stop is the parent's decision.
process.on("SIGINT", () => {});
new Worker(new URL("./watchdog.js", import.meta.url), { workerData: process.ppid }).unref();

const config = JSON.parse(process.argv[2] ?? "") as HostConfig;
const client = new Socket({ fd: 3, readable: true, writable: true });
await serve(client, new Sessions(config)).catch((error: Error) => process.stderr.write(`${error.message}\n`));
process.exit();
