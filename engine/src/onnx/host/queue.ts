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
