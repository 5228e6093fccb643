/**
 * A long computation in steps. Between two of them, whoever runs it may see to other things, or leave it at that. V8 does
 * not optimise a loop that runs inside a generator: what is done pixel by pixel belongs in a function that it calls.
 */
export type Steps<T> = Generator<void, T, void>;

/** Runs a computation to its end at once. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** How long the event loop may wait, in milliseconds: short enough for what a person watches. */
const SLICE_MS = 30;

/**
 * Runs a computation and lets the event loop turn now and then, so that other nodes, progress and an abort get through.
 * Rejects with the signal's reason at the next step once it is aborted.
 */
export async function paced<T>(steps: Steps<T>, { signal }: { readonly signal: AbortSignal }): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise((turned) => setImmediate(turned));
    signal.throwIfAborted();
    since = performance.now();
  }
}
