import type { Response } from "express";
import type { Services } from "../services.js";

/** Requests that wait at once; more are answered without waiting. */
const MOST_WAITING = 1000;
let waiting = 0;

/** Waits for the end of a job: at most so many milliseconds, and no longer than the client does. */
export async function waitForEnd(
  id: string,
  ms: number,
  response: Response,
  { records, watchJob }: Pick<Services, "records" | "watchJob">,
): Promise<void> {
  if (ms <= 0 || waiting >= MOST_WAITING) return;
  waiting++;
  let stop = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      // First it listens, then it looks: an end between the two is heard.
      const unfollow = watchJob(id, ({ type }) => {
        if (type === "over") resolve();
      });
      response.once("close", resolve);
      stop = () => {
        clearTimeout(timer);
        unfollow();
        response.off("close", resolve);
      };
      records.get(id).then((job) => {
        if (job === undefined || job.endedAt !== undefined) resolve();
      }, reject);
    });
  } finally {
    stop();
    waiting--;
  }
}
