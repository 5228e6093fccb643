import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { HostLink } from "./link.js";
import type { HostConfig } from "./messages.js";

/**
 * For glibc, others ignore it. Large blocks go back to the system as soon as a session is closed, and huge pages make
 * up for what that costs (SD1.5-sized weights: 2.4 → 1.7 CPU-s to load compiled, steps 3 % faster). A block of less than
 * two huge pages is mostly small ones, which cost more to map than to keep: from 4 MiB on instead of 256 KiB, compiling
 * those weights faults 370,000 times instead of 640,000 and holds 70 MB more.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "4194304", GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" };

/** From 1.30 on, ONNX Runtime keeps a device id in the home folder and reports home, unless it is told not to. */
const PRIVACY = { ORT_DISABLE_TELEMETRY: "1" };

/** Milliseconds that what a dead host said may take to arrive. */
const LAST_WORDS = 100;

/** An inference host that this process has started. It keeps this process alive only while it owes an answer. */
export interface HostChild {
  readonly link: HostLink;
  readonly pid: () => number | undefined;
  /** Resolves with how it died. */
  readonly gone: Promise<string>;
  /** Ends the process at once, even in the middle of a run; resolves when it is gone. */
  readonly kill: (why: string) => Promise<void>;
}

/** Starts an inference host. */
export function startHost(config: HostConfig, onLog: (line: string) => void): HostChild {
  const main = fileURLToPath(new URL("./main.js", import.meta.url));
  const child = spawn(process.execPath, [main, JSON.stringify(config)], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, ...ALLOCATOR, ...PRIVACY },
  });
  const stream = child.stdio[3] as Socket;
  const errors = child.stderr as NonNullable<ChildProcess["stderr"]>;
  let lastWords = "";
  let sentence: string | undefined;
  createInterface(errors).on("line", (line) => {
    lastWords = line;
    onLog(line);
  });
  const kill = () => void child.kill("SIGKILL");
  process.on("exit", kill);

  const ended = async (): Promise<string> => {
    const closed = new Promise((resolve) => child.once("close", resolve));
    const how = await new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(`it cannot be started: ${error.message}`));
      child.once("exit", (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    process.off("exit", kill);
    link.abandon();
    await Promise.race([closed, sleep(LAST_WORDS, undefined, { ref: false })]);
    const why = sentence ?? link.farewell;
    return why ?? (lastWords === "" ? how : `${how}; its last words: ${lastWords}`);
  };
  const gone = ended();
  const busy = (owes: boolean) => {
    for (const one of [child, stream]) owes ? one.ref() : one.unref();
  };
  const end = (why: string) => {
    // Not to be asked from now on, lest the next run be given to a process that has only milliseconds left.
    link.abandon();
    sentence ??= why;
    child.kill("SIGKILL");
  };
  const link: HostLink = new HostLink({ stream, gone, busy, ...(!config.shared && { end }) });
  busy(false);
  (errors as unknown as Socket).unref();

  return {
    link,
    gone,
    pid: () => child.pid,
    kill: async (why) => {
      child.ref();
      end(why);
      await gone;
    },
  };
}
