/** The inference host: a process that runs ONNX Runtime sessions and nothing else. File descriptor 3 is its client. */
import { Socket } from "node:net";
import { endWithParent } from "../../process/index.js";
import type { HostConfig } from "./messages.js";
import { serve } from "./serve.js";
import { Sessions } from "./sessions.js";

// Ctrl-C in a terminal reaches the whole process group, and service managers end all at once; when to stop is the
// parent's decision.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
endWithParent(process.ppid);

const config = JSON.parse(process.argv[2] ?? "") as HostConfig;
const client = new Socket({ fd: 3, readable: true, writable: true });
await serve(client, new Sessions(config)).catch((error: Error) => process.stderr.write(`${error.message}\n`));
process.exit();
