/**
 * A thread that ends its process when the parent is gone. The process itself sees its stream end, but not while its
 * JavaScript thread is busy: an orphan would compute on for minutes.
 */
import { workerData } from "node:worker_threads";

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL");
}, 1000);
