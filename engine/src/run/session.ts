import type { Blocker } from "./blocker.js";
import type { Cache } from "./cache.js";
import type { Definitions } from "./describe.js";
import type { RunEvent } from "./events.js";
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
  readonly previews: boolean;
  /** Blockers whose message has been told. */
  readonly told: WeakSet<Blocker>;
  /** The lists that constants out of expansions stand for. */
  readonly lists: WeakMap<object, readonly unknown[]>;
}

/** Tells what happened to a task. Written out: it is said of every node, and spreading objects costs more than planning. */
export function say(session: Session, { place }: Task, type: "cached" | "started" | "finished", shown?: Shown): void {
  const { node, display, parent } = place;
  if (type !== "started" && shown) session.emit({ ...place, type, shown });
  else if (parent !== undefined) session.emit({ type, node, display, parent });
  else session.emit({ type, node, display });
}

/** Tells that a task did not run, and why, if that is to be told. */
export const sayBlocked = (session: Session, { place }: Task, message: string | undefined): void =>
  session.emit(message === undefined ? { ...place, type: "blocked" } : { ...place, type: "blocked", message });

/** Tells of work in progress. */
export const sayProgress = (session: Session, { place }: Task, done: number, total: number): void =>
  session.emit({ ...place, type: "progress", done, total });

/** Tells of a picture of work in progress. */
export const sayPreview = (session: Session, { place }: Task, preview: Preview): void =>
  session.emit({ ...place, type: "preview", preview });
