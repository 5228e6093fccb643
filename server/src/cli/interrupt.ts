import { EXIT, Failure } from "../failure.js";

/** The user pressed Ctrl-C, or something else asked the process to end. */
export class Interrupted extends Failure {
  constructor() {
    super("interrupted", { exitCode: EXIT.interrupted });
  }
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Calls `stop` on the first interrupt; the second ends the process on the spot. Returns how to stop listening. */
export function onInterrupt(stop: () => void): () => void {
  let asked = false;
  const interrupt = () => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  return () => {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  };
}
