import type { RunListener } from "../worker/pool-interface.js";
import type { Note } from "./dispatcher-events.js";
import type { Job } from "./job.js";

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

/** What is told of a job that was given up: its start was told when it started. */
export const lastNotesOf = ({ messages }: Job): readonly Note[] =>
  (JSON.parse(messages) as readonly Note[]).filter(
    ([name]) => name !== "execution_start" && name !== "execution_cached",
  );
