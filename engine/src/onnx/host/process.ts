import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Frame, FrameReader, writeFrame } from "../../process/frames.js";
import type { HostConfig, Reply, Request } from "./messages.js";

/** The host died while something was asked of it. */
export class HostDied extends Error {
  override readonly name = "HostDied";
}

/**
 * For glibc, others ignore it. Large blocks go back to the system as soon as a session is closed, and huge pages make
 * up for what that costs (SD1.5-sized weights: 2.4 → 1.7 CPU-s to load compiled, steps 3 % faster). A block of less than
 * two huge pages is mostly small ones, which cost more to map than to keep: from 4 MiB on instead of 256 KiB, compiling
 * those weights faults 370,000 times instead of 640,000 and holds 70 MB more.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "4194304", GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" };

/** From 1.30 on, ONNX Runtime keeps a device id in the home folder and reports home, unless it is told not to. */
const PRIVACY = { ORT_DISABLE_TELEMETRY: "1" };

interface Waiting {
  readonly resolve: (frame: Frame<Reply>) => void;
  readonly reject: (error: Error) => void;
}

type WithoutId<R> = R extends { id: number } ? Omit<R, "id"> : never;
/** A request that is answered. */
export type Question = WithoutId<Request>;
/** One that is not. */
export type Notice = Exclude<Request, { id: number }>;

/** One inference host, from its start to its death. It keeps the parent alive only while it owes an answer. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone: Promise<void>;
  #ids = 0;
  #death: string | undefined;
  /** The last line that the process wrote. */
  #lastWords = "";

  constructor(config: HostConfig, onLog: (line: string) => void) {
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    this.#child = spawn(process.execPath, [main, JSON.stringify(config)], {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
      env: { ...process.env, ...ALLOCATOR, ...PRIVACY },
    });
    this.#socket = this.#child.stdio[3] as Socket;
    this.#socket.on("error", () => {}); // the exit tells more
    const errors = this.#child.stderr as NonNullable<ChildProcess["stderr"]>;
    createInterface(errors).on("line", (line) => {
      this.#lastWords = line;
      onLog(line);
    });
    const kill = () => void this.#child.kill("SIGKILL");
    process.on("exit", kill);
    this.#gone = new Promise((resolve) => {
      const end = (death: string) => {
        process.off("exit", kill);
        this.#die(death);
        resolve();
      };
      this.#child.on("error", (error) => end(`it cannot be started: ${error.message}`));
      this.#child.on("exit", (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    this.#child.unref();
    (errors as unknown as Socket).unref();
    this.#socket.unref();
    this.#listen();
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks and waits for the answer. Rejects with {@link HostDied} when the process ends first. */
  request(question: Question, parts: readonly ArrayBufferView[] = []): Promise<Frame<Reply>> {
    return new Promise((resolve, reject) => {
      if (this.#death !== undefined) return reject(new HostDied(this.#death));
      const id = ++this.#ids;
      this.#waiting.set(id, { resolve, reject });
      this.#child.ref();
      this.#socket.ref();
      writeFrame(this.#socket, { ...question, id }, parts);
    });
  }

  /** Says something that has no answer. */
  notify(notice: Notice, parts: readonly ArrayBufferView[] = []): void {
    if (this.alive) writeFrame(this.#socket, notice, parts);
  }

  /** Ends the process at once, even in the middle of a run; resolves when it is gone. */
  async kill(why: string): Promise<void> {
    // Not alive from now on, lest the next run be given to a process that has only milliseconds left.
    this.#death ??= why;
    this.#child.ref();
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  #listen(): void {
    const frames = new FrameReader<Reply>();
    this.#socket.on("data", (chunk: Uint8Array) => {
      try {
        for (const frame of frames.push(chunk)) {
          const { id } = frame.message;
          this.#waiting.get(id)?.resolve(frame);
          this.#waiting.delete(id);
        }
        this.#rest();
      } catch {
        void this.kill("it said what makes no sense");
      }
    });
  }

  /** Lets the parent end when nothing is owed. */
  #rest(): void {
    if (this.#waiting.size > 0) return;
    this.#child.unref();
    this.#socket.unref();
  }

  #die(how: string): void {
    this.#death ??= this.#lastWords === "" ? how : `${how}; its last words: ${this.#lastWords}`;
    for (const { reject } of this.#waiting.values()) reject(new HostDied(this.#death));
    this.#waiting.clear();
    this.#socket.destroy();
  }
}
