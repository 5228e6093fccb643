/** Runs jobs one after the other. A job whose signal aborts while it waits is rejected at once and never starts. */
export class Queue {
  #tail: Promise<void> = Promise.resolve();

  add<T>(signal: AbortSignal | undefined, job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#tail = this.#tail.then(async () => {
        signal?.removeEventListener("abort", onAbort);
        if (!signal?.aborted) await job().then(resolve, reject);
      });
    });
  }
}

/**
 * Waits for a job; once `signal` aborts the outcome is its reason, as soon as the job ends. A job that goes on for
 * longer than `graceMs` after that is ended by `kill`.
 */
export async function interruptible<T>(
  signal: AbortSignal | undefined,
  graceMs: number,
  kill: () => void,
  job: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(kill, graceMs);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const outcome = await job().then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
  signal?.throwIfAborted();
  return outcome();
}
