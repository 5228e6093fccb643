import { availableParallelism } from "node:os";
import { HttpProblem } from "../../security/problem.js";
import { Refusal } from "./refusal.js";

/** 67 million pixels: what decoding for a browser may hold in memory. Larger pictures are served as they are. */
export const VIEW_LIMITS = { pixels: 8192 * 8192, frames: 4096, bytes: 2 ** 28 } as const;

/** Decoding runs on the threads that read files too: two of four are left to them. */
const AT_ONCE = Math.min(2, availableParallelism());
const MOST_WAITING = 100;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Decodes or encodes when it is this work's turn: memory is bounded by a few pictures, however many are asked for. What
 * the picture is at fault for becomes a `Refusal` (415); past a hundred who wait it is 503.
 */
export async function pictureWork<T>(work: () => Promise<T>): Promise<T> {
  if (waiting.length >= MOST_WAITING) {
    const headers = { "Retry-After": "1" };
    throw new HttpProblem(503, "busy", "too many pictures are being made; try again", { headers });
  }
  if (running >= AT_ONCE) await new Promise<void>((turn) => waiting.push(turn));
  else running++;
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof HttpProblem || "code" in error) throw error;
    throw new Refusal(415, error.message, { cause: error });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
