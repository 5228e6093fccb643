import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type HostChild, startHost } from "./child.js";
import type { HostDoor } from "./join.js";
import { type HostOptions, hostConfig } from "./start.js";

/** Milliseconds before a host that died at its start is started again; doubled up to the limit. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;
/** A host that dies sooner than this after its start, in milliseconds, and not by its own decision, has died at its start. */
const SETTLED = 1000;

/** Keeps one inference host for many clients in other processes. */
export interface HostSupervisor {
  /** Where a living host takes clients in; it is started if there is none. Rejects when none starts. */
  readonly open: () => Promise<HostDoor>;
  /** Drops all sessions, after the run under way. */
  readonly unload: () => Promise<void>;
  /** The process, while there is one. */
  readonly pid: () => number | undefined;
  /** Ends the host, and starts no other. */
  readonly close: () => Promise<void>;
}

/** What a supervisor is told. */
export interface SupervisorOptions extends HostOptions {
  /** What the host reports, and what became of it. */
  readonly onLog: (line: string) => void;
}

interface Running {
  readonly child: HostChild;
  readonly door: Promise<HostDoor>;
}

/** Supervises an inference host. None is started before somebody asks where it is. */
export function superviseHost({ onLog, ...options }: SupervisorOptions): HostSupervisor {
  const config = hostConfig(options, true);
  let running: Running | undefined;
  let starting: Promise<Running> | undefined;
  /** Starts in a row that failed. */
  let failures = 0;
  let closed = false;

  const start = async (): Promise<Running> => {
    if (failures > 0)
      await sleep(Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE), undefined, { ref: false });
    const folder = await newFolder();
    if (closed) {
      await remove(folder);
      throw new Error(CLOSED);
    }
    const startedAt = performance.now();
    const child = startHost(config, onLog);
    void child.gone.then(async (how) => {
      const settled = child.link.farewell !== undefined || performance.now() - startedAt > SETTLED;
      failures = settled ? 0 : failures + 1;
      if (!closed) onLog(`the inference host is gone: ${how}`);
      await remove(folder);
    });
    const path = pathIn(folder);
    const listening = async (): Promise<HostDoor> => {
      const { message } = await child.link.ask({ type: "listen", path }).answer;
      if (message.type === "failed") {
        await child.kill(`it cannot listen at ${path}: ${message.message}`);
        throw new Error(await child.gone);
      }
      return { path, died: child.gone };
    };
    const door = listening();
    door.catch(() => {}); // whoever asked is told
    return { child, door };
  };

  return {
    open: async () => {
      if (closed) throw new Error(CLOSED);
      if (!running?.child.link.alive) {
        starting ??= start().finally(() => {
          starting = undefined;
        });
        running = await starting;
      }
      return running.door;
    },
    unload: async () => {
      if (!running?.child.link.alive) return;
      // A host that dies has no sessions either.
      await running.child.link.ask({ type: "unload" }).answer.catch(() => {});
    },
    pid: () => (running?.child.link.alive ? running.child.pid() : undefined),
    close: async () => {
      closed = true;
      await starting?.catch(() => {});
      await running?.child.kill(CLOSED);
    },
  };
}

const CLOSED = "the server stops";

/** Nobody else may go in: the socket takes whoever finds it. */
const newFolder = async (): Promise<string | undefined> =>
  process.platform === "win32" ? undefined : mkdtemp(join(tmpdir().length > LONGEST ? "/tmp" : tmpdir(), "mezzotint-"));

/** A socket's path has 104 bytes or so. */
const LONGEST = 70;

const remove = async (folder: string | undefined): Promise<void> => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
};

/** On Windows, a pipe: others may not write to it, and whoever does not write is told nothing. */
const pathIn = (folder: string | undefined): string =>
  folder === undefined ? `\\\\.\\pipe\\mezzotint-${randomUUID()}` : join(folder, "host.sock");
