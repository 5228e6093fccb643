import { setTimeout as sleep } from "node:timers/promises";

/** A database that refuses is asked again after these milliseconds, then ever later. */
const FIRST = 50;
const LAST = 5000;

/** Does something until it works, and tells each failure. Rejects with the last one when it does not before the signal. */
export async function persist<T>(
  act: () => Promise<T>,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<T> {
  for (let delay = FIRST; ; delay = Math.min(2 * delay, LAST)) {
    try {
      return await act();
    } catch (error) {
      if (signal.aborted) throw error;
      failed(error);
      await sleep(delay, undefined, { signal }).catch(() => {});
    }
  }
}
