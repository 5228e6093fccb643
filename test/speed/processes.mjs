// @ts-check
/** What Linux says of other processes: their CPU time and memory. Elsewhere every function gives undefined. */
import { readdirSync, readFileSync } from "node:fs";

const TICKS = 100; // USER_HZ, which Linux fixes for /proc

/** User and system seconds that a process has used. @param {number} pid */
export function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return undefined;
  }
}

/** Megabytes that belong to a process alone, mapped files left out. @param {number} pid */
export function privateMegabytes(pid) {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(rollup.match(/^Anonymous:\s+(\d+)/m)?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** Megabytes resident in a process and all that it started: what `ps` shows, added up. @param {number} pid */
export function residentMegabytes(pid) {
  try {
    const each = family(pid).map((one) =>
      Number(readFileSync(`/proc/${one}/status`, "utf8").match(/VmRSS:\s+(\d+)/)?.[1]),
    );
    return each.reduce((sum, one) => sum + one, 0) / 1024;
  } catch {
    return undefined;
  }
}

/** A process and its descendants. @param {number} pid @returns {number[]} */
function family(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(family)];
}
