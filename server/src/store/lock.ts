import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Failure } from "../failure.js";
import { takeFile } from "./database.js";

/**
 * Makes this process the only server of a folder until it releases it or ends, however it ends: the lock is the system's, on
 * `lock.db`; `server.json` only says who has it. Fails with that name when another process is the server.
 */
export function lockFolder(folder: string): { readonly release: () => void } {
  const note = join(folder, "server.json");
  const lock = takeFile(join(folder, "lock.db"));
  if (lock === undefined) {
    throw new Failure(
      `Another server${holder(note)} uses the data directory ${folder}. Stop it first, or start this one with a data directory of its own (--data DIR).`,
    );
  }
  try {
    const about = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    writeFileSync(note, `${JSON.stringify(about)}\n`, { mode: 0o600 });
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    release: () => {
      rmSync(note, { force: true });
      lock.release();
    },
  };
}

/** Who has the folder, as far as it can be read: it may be about to write it. */
function holder(note: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(note, "utf8"));
    return Number.isInteger(pid) ? ` (process ${pid} on ${String(host)}, since ${String(since)})` : "";
  } catch {
    return "";
  }
}
