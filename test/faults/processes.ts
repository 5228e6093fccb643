import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { until } from "../serve/server.js";

/** Whether this system tells of its processes as Linux does. */
export const hasProc = process.platform === "linux";

const read = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};

const all = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** The parent of a process that is alive. */
function parentOf(pid: number): number | undefined {
  // The name in brackets may hold anything.
  const [state, parent] = read(pid, "stat")
    .replace(/^.*\) /s, "")
    .split(" ");
  return state === undefined || state === "" || state === "Z" ? undefined : Number(parent);
}

/** The living processes that a process has started. */
const childrenOf = (pid: number): number[] => all().filter((one) => parentOf(one) === pid);

/** The inference host of a server, while there is one, and its workers: all are its children. */
export const hostsOf = (server: number): number[] => childrenOf(server).filter(isHost);
export const workersOf = (server: number): number[] => childrenOf(server).filter((child) => !isHost(child));

const isHost = (pid: number): boolean => /[\\/]host[\\/]main\.js/.test(read(pid, "cmdline"));

/** The living processes that were started with a variable of this value, and those that they started. */
const startedWith = (name: string, value: string): number[] =>
  all().filter((pid) => read(pid, "environ").split("\0").includes(`${name}=${value}`) && parentOf(pid) !== undefined);

/** Waits until none of them is left. */
export const noneLeft = (name: string, value: string): Promise<readonly number[]> =>
  until(
    async () => startedWith(name, value),
    (left) => left.length === 0,
  );

/** A process's resident memory, and the most it ever was, in MiB. */
export const memoryOf = (pid: number): { readonly now: number; readonly most: number } => {
  const status = read(pid, "status");
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { now: field("VmRSS"), most: field("VmHWM") };
};

/** What a process has open: paths of files, and `socket:[…]` and the like. */
export const openFilesOf = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });

/** Ends a process on the spot; nothing when it is gone already. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was faster.
  }
}
