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

/** The death of a process that ended a run, if that is how it ended. A host that dies fails only the run that it did. */
export function deathIn(ended: LostOrEnded): Death | undefined {
  if (ended.outcome === "lost") return ended;
  return ended.outcome === "failed" && ended.hostDied ? { reason: ended.message, alone: true } : undefined;
}

/** What is told of a job that was given up: its start was told when it started. */
export const lastNotesOf = ({ messages }: Job): readonly Note[] =>
  (JSON.parse(messages) as readonly Note[]).filter(
    ([name]) => name !== "execution_start" && name !== "execution_cached",
  );
