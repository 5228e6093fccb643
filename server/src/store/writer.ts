import type { Database } from "./database.js";
import { type Ledger, readLedger, writeClock } from "./ledger.js";

/** A change of the tables, and of the ledger with them. It may run twice, so it touches nothing else. */
export type Change<T> = (ledger: Ledger) => T;

/** Makes changes; a promise resolves when its change is committed, and rejects when nothing of it was done. */
export interface Writer {
  readonly write: <T>(change: Change<T>) => Promise<T>;
  /** As it is now. */
  readonly ledger: () => Ledger;
  /** Commits what waits, and refuses what comes. */
  readonly close: () => void;
}

/** How many changes one commit has at most: other events get their turn in between. */
const GROUP = 256;

/**
 * Commits in groups: whatever was asked for in one turn of the event loop shares a transaction, and with `durable` a disk flush.
 * When a group fails, its changes are made one by one, so that each hears of its own error only.
 */
export function openWriter(database: Database): Writer {
  let waiting: { readonly alone: () => void; readonly run: () => void; readonly done: () => void }[] = [];
  let ledger = readLedger(database);
  let stored = { ...ledger };
  let stale = false;
  let closed = false;

  const recount = (): void => {
    ledger = readLedger(database, ledger);
    stale = false;
  };
  const moved = (): boolean =>
    stored.tick !== ledger.tick || stored.pass !== ledger.pass || stored.number !== ledger.number;
  const commit = (work: () => void): void => {
    if (stale) recount();
    try {
      database.atomically(() => {
        work();
        if (moved()) writeClock(database, ledger);
      });
      if (moved()) stored = { ...ledger };
    } catch (error) {
      stale = true;
      try {
        recount();
      } catch {
        // Counted before the next change instead; the first error is the one to tell.
      }
      throw error;
    }
  };

  const flush = (): void => {
    const group = waiting.slice(0, GROUP);
    if (group.length === 0) return;
    waiting = waiting.slice(GROUP);
    if (waiting.length > 0) setImmediate(flush);
    try {
      commit(() => {
        for (const { run } of group) run();
      });
    } catch {
      for (const { alone } of group) alone();
      return;
    }
    for (const { done } of group) done();
  };

  return {
    ledger: () => ledger,
    write: <T>(change: Change<T>) =>
      new Promise<T>((resolve, reject) => {
        if (closed) throw new Error("the job store is closed");
        let result: T;
        const run = (): void => {
          result = change(ledger);
        };
        const done = (): void => resolve(result);
        const alone = (): void => {
          try {
            commit(run);
          } catch (error) {
            reject(error);
            return;
          }
          done();
        };
        waiting.push({ run, done, alone });
        if (waiting.length === 1) setImmediate(flush);
      }),
    close: () => {
      closed = true;
      while (waiting.length > 0) flush();
    },
  };
}
