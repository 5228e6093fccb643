import type { Blocker } from "./blocker.js";
import type { Cache } from "./cache.js";
import type { Definitions } from "./describe.js";
import type { Place, RunEvent } from "./events.js";
import type { NodeType, Preview, Shown } from "./node.js";
import type { Prompt } from "./prompt.js";
import type { Scheduler } from "./scheduler.js";
import type { Use } from "./service.js";
import type { Task } from "./task.js";

/** What the parts of one run share. */
export interface Session {
  readonly nodes: ReadonlyMap<string, NodeType>;
  readonly definitions: Definitions;
  readonly scheduler: Scheduler;
  readonly cache: Cache;
  readonly emit: (event: RunEvent) => void;
  /** Aborts when the caller says so, and when a step fails. */
  readonly signal: AbortSignal;
  readonly use: Use;
  readonly salt: string;
  readonly prompt: Prompt | undefined;
  readonly extraPngInfo: Readonly<Record<string, unknown>> | undefined;
  /** Whether somebody watches previews now. */
  readonly previews: () => boolean;
  /** Whether somebody follows the run, who is handed what nodes deliver. */
  readonly followed: () => boolean;
  /** Blockers whose message has been told. */
  readonly told: WeakSet<Blocker>;
  /** The lists that constants out of expansions stand for. */
  readonly lists: WeakMap<object, readonly unknown[]>;
}

/** Where a task is, as events tell it. */
const placeOf = ({ step, display, parent }: Task): Place =>
  parent === undefined ? { node: step.id, display } : { node: step.id, display, parent };

/** Tells what happened to a task. Written out: it is said of every node, and spreading objects costs more than planning. */
export function say(session: Session, task: Task, type: "cached" | "started" | "finished", shown?: Shown): void {
  if (type !== "started" && shown) session.emit({ ...placeOf(task), type, shown });
  else if (task.parent !== undefined) session.emit({ ...placeOf(task), type });
  else session.emit({ type, node: task.step.id, display: task.display });
}

/** Tells that a task did not run, and why, if that is to be told. */
export const sayBlocked = (session: Session, task: Task, message: string | undefined): void =>
  session.emit({ ...placeOf(task), type: "blocked", ...(message === undefined ? {} : { message }) });

/** Tells of work in progress. */
export const sayProgress = (session: Session, task: Task, done: number, total: number): void =>
  session.emit({ ...placeOf(task), type: "progress", done, total });

/** Tells of a picture of work in progress. */
export const sayPreview = (session: Session, task: Task, preview: Preview): void =>
  session.emit({ ...placeOf(task), type: "preview", preview });
