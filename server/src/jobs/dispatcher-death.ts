import type { RunListener } from "../worker/pool-interface.js";

/** How a run ended. */
export type LostOrEnded = Parameters<RunListener["ended"]>[0];

/** An end that the engine told. */
export type EndedRun = Exclude<LostOrEnded, { outcome: "lost" }>;

/** Why a run was lost. */
export type Death = Omit<Extract<LostOrEnded, { outcome: "lost" }>, "outcome">;

/** Of a run that was cancelled and lost. */
export const INTERRUPTED: EndedRun = { outcome: "interrupted" };

/** The death of a process that ended a run, if that is how it ended. `only`: no other job ran on this server. */
export function deathIn(ended: LostOrEnded, only: boolean): Death | undefined {
  if (ended.outcome === "lost") return ended;
  if (ended.outcome === "failed" && ended.hostDied) return { reason: ended.message, alone: only };
  return undefined;
}
