/**
 * Ends the host when its parent is gone. The host itself sees its stream end, but not while a session runs: that blocks
 * its JavaScript thread, and an orphan would compute on for minutes.
 */
import { workerData } from "node:worker_threads";

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, "SIGKILL");
}, 1000);
