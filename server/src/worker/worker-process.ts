import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type NodeDefinition, parseJson } from "@mezzotint/engine";
import type { HostDoor } from "@mezzotint/engine/host";
import { FrameReader } from "@mezzotint/engine/process";
import { messageOf } from "../failure.js";
import type { Claim } from "../jobs/queue.js";
import { fromWorker } from "./from-worker.js";
import { onLines } from "./lines.js";
import type { Checked, FromWorker, ToWorker, WorkerConfig } from "./messages.js";
import type { RunListener } from "./pool-interface.js";
import { tellWorker } from "./wire.js";

/** A larger young generation spares the engine's many short-lived objects from being copied about. */
const NODE_OPTIONS = ["--max-semi-space-size=32"];
/** Milliseconds that a run may take to end after a cancel; then its worker is killed. */
const CANCEL_GRACE = 800;
/** Bytes of a message's parts: definitions, or the previews of one turn. */
const MAX_PARTS = 2 ** 28;
/** Questions that a worker owes an answer to; a busy one is not asked more. */
const MAX_QUESTIONS = 64;
/** Bytes that wait for a worker that does not read; it is asked no more before they are gone. */
const MAX_UNREAD = 2 ** 26;
/** What it is told however much it has not read. */
const MUST_KNOW: ReadonlySet<ToWorker["type"]> = new Set(["cancel", "stop", "host", "hostless", "host-died"]);
/** Milliseconds that the last words of a dead worker may take to arrive. */
const LAST_WORDS = 250;

/** What is told of a worker. */
export interface WorkerListener {
  readonly ready: (definitions: readonly NodeDefinition[]) => void;
  /** It may have room for a job. */
  readonly free: () => void;
  /** It is gone, and its jobs are told. */
  readonly gone: (reason: string) => void;
  readonly log: (line: string) => void;
  /** It needs the inference host: where is it? Rejects when there is none. */
  readonly host: () => Promise<HostDoor>;
}

type WithoutId<M> = M extends { id: number } ? Omit<M, "id"> : never;
type Question = WithoutId<ToWorker>;

interface Held {
  readonly attempt: number;
  readonly listener: RunListener;
  /** Runs once the job was asked to stop. */
  grace: NodeJS.Timeout | undefined;
}

/** Workers end with this process, however many there are: a listener for each would be taken for a leak. */
const living = new Set<WorkerProcess>();
process.on("exit", () => {
  for (const worker of living) worker.kill("the server ended");
});

/** One worker process, from its start to its death. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #listener: WorkerListener;
  readonly #jobs = new Map<string, Held>();
  readonly #questions = new Map<number, (answer: FromWorker | undefined) => void>();
  readonly gone: Promise<void>;
  #ids = 0;
  #wasReady = false;
  #served = false;
  #state: "starting" | "ready" | "dying" = "starting";
  /** Why we ended it, and whether what it did may be the reason. */
  #sentence: { readonly why: string; readonly guilty: boolean } | undefined;
  /** Why it says it cannot work. */
  #reason: string | undefined;
  #lastWords = "";

  constructor(config: WorkerConfig, listener: WorkerListener) {
    this.#listener = listener;
    const main = fileURLToPath(new URL("./main.js", import.meta.url));
    this.#child = spawn(process.execPath, [...NODE_OPTIONS, main, JSON.stringify(config)], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      // A group of its own, so that what packs start can be killed with it.
      detached: process.platform !== "win32",
    });
    this.#socket = this.#child.stdio[3] as Socket;
    this.#socket.on("error", () => {}); // the exit tells more
    onLines(this.#child.stdout as Readable, listener.log);
    onLines(this.#child.stderr as Readable, (line) => {
      this.#lastWords = line;
      listener.log(line);
    });
    living.add(this);
    this.gone = this.#end().then((death) => {
      living.delete(this);
      this.#die(death);
    });
    this.#listen();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get jobs(): number {
    return this.#jobs.size;
  }

  /** Whether it ever could work. */
  get wasReady(): boolean {
    return this.#wasReady;
  }

  /** Whether it ever got a job. */
  get served(): boolean {
    return this.#served;
  }

  /** Whether it takes jobs and questions now. */
  get ready(): boolean {
    return this.#state === "ready";
  }

  has(job: string): boolean {
    return this.#jobs.has(job);
  }

  run({ job, attempt }: Claim, listener: RunListener, previews: boolean): void {
    this.#served = true;
    this.#jobs.set(job.id, { attempt, listener, grace: undefined });
    const { id, user, prompt, extra, targets } = job;
    tellWorker(this.#socket, { type: "run", job: id, attempt, user, prompt, extra, targets, previews });
  }

  /** Asks a run to end; one that does not is ended with the worker. */
  cancel(job: string): void {
    const held = this.#jobs.get(job);
    if (!held || held.grace) return;
    this.#tell({ type: "cancel", job, attempt: held.attempt });
    held.grace = setTimeout(() => this.kill("a cancelled job that ran in it would not end"), CANCEL_GRACE);
  }

  watch(job: string, previews: boolean): void {
    const held = this.#jobs.get(job);
    if (held) this.#tell({ type: "watch", job, attempt: held.attempt, previews });
  }

  /** Asks for checks by code; undefined when nothing is wrong, or no answer comes in time. */
  async check(
    user: string,
    prompt: string,
    targets: readonly string[] | undefined,
    ms: number,
  ): Promise<Checked | undefined> {
    const answer = await this.#ask({ type: "check", user, prompt, ...(targets && { targets }) }, ms);
    return answer?.type === "checked" ? answer.result : undefined;
  }

  /** Asks for the nodes as they are now for a user; undefined when no answer comes in time. */
  async describe(user: string, ms: number): Promise<readonly NodeDefinition[] | undefined> {
    const answer = await this.#ask({ type: "describe", user }, ms);
    return answer?.type === "described" ? answer.definitions : undefined;
  }

  /** Has it forget results. */
  freeMemory(): void {
    this.#tell({ type: "free" });
  }

  /** Lets it end by itself. */
  stop(): void {
    this.#tell({ type: "stop" });
  }

  /** Ends the process, and what it started, at once. `guilty`: for something that it did. */
  kill(why: string, guilty = false): void {
    if (this.#state === "dying") return;
    this.#sentence = { why, guilty };
    this.#state = "dying";
    this.#killAll();
  }

  #tell(message: ToWorker): void {
    if (this.#state === "dying") return;
    if (MUST_KNOW.has(message.type) || this.#socket.writableLength < MAX_UNREAD) tellWorker(this.#socket, message);
  }

  #ask(question: Question, ms: number): Promise<FromWorker | undefined> {
    if (!this.ready || this.#questions.size >= MAX_QUESTIONS) return Promise.resolve(undefined);
    const id = ++this.#ids;
    return new Promise((resolve) => {
      const answer = (given: FromWorker | undefined) => {
        clearTimeout(timer);
        this.#questions.delete(id);
        resolve(given);
      };
      const timer = setTimeout(answer, ms, undefined);
      this.#questions.set(id, answer);
      this.#tell({ ...question, id } as ToWorker);
    });
  }

  #listen(): void {
    const frames = new FrameReader<unknown>({ parse: parseJson, maxParts: MAX_PARTS });
    const read = (chunk: Uint8Array) => {
      try {
        return frames.push(chunk).map(fromWorker);
      } catch (error) {
        this.#listener.log(`a worker said what makes no sense: ${String(error)}`);
        this.kill("it said what makes no sense", true);
        return [];
      }
    };
    this.#socket.on("data", (chunk: Uint8Array) => {
      if (this.#sentence === undefined) for (const message of read(chunk)) this.#handle(message);
    });
  }

  #handle(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        if (this.#state !== "starting") return;
        this.#state = "ready";
        this.#wasReady = true;
        this.#listener.ready(message.definitions);
        return;
      case "host-wanted":
        void this.#findHost();
        return;
      case "unusable":
        this.#reason = message.reason;
        return;
      case "events": {
        const held = this.#find(message);
        for (const event of message.events) held?.listener.event(event);
        return;
      }
      case "ended": {
        const held = this.#find(message);
        if (!held) return;
        clearTimeout(held.grace);
        this.#jobs.delete(message.job);
        held.listener.ended(message.ended);
        this.#listener.free();
        return;
      }
      default:
        this.#questions.get(message.id)?.(message);
    }
  }

  /** Says where the inference host is, and when it is gone. */
  async #findHost(): Promise<void> {
    try {
      const { path, died } = await this.#listener.host();
      this.#tell({ type: "host", path });
      this.#tell({ type: "host-died", path, how: await died });
    } catch (error) {
      this.#tell({ type: "hostless", reason: messageOf(error) });
    }
  }

  /** The job, if it is that try of it that this worker was given. */
  #find({ job, attempt }: { readonly job: string; readonly attempt: number }): Held | undefined {
    const held = this.#jobs.get(job);
    return held?.attempt === attempt ? held : undefined;
  }

  /** Resolves with how it died, once all that it said has been heard. */
  async #end(): Promise<string> {
    const streams = [this.#socket, this.#child.stderr as Readable];
    const heard = Promise.all(streams.map((stream) => new Promise((resolve) => stream.once("close", resolve))));
    const death = await new Promise<string>((resolve) => {
      this.#child.once("error", (error) => resolve(`it cannot be started: ${error.message}`));
      this.#child.once("exit", (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    // What a pack started may hold the streams open.
    await Promise.race([heard, sleep(LAST_WORDS)]);
    return death;
  }

  #die(death: string): void {
    this.#state = "dying";
    this.#socket.destroy();
    const how = this.#lastWords === "" ? death : `${death}; its last words: ${this.#lastWords}`;
    const { why, guilty } = this.#sentence ?? { why: undefined, guilty: true };
    const reason = this.#reason ?? (why === undefined ? `the worker died (${how})` : `the worker was ended: ${why}`);
    for (const answer of [...this.#questions.values()]) answer(undefined);
    const held = [...this.#jobs.values()];
    this.#jobs.clear();
    const alone = held.length === 1 && guilty;
    for (const { listener, grace } of held) {
      clearTimeout(grace);
      listener.ended(grace ? { outcome: "interrupted" } : { outcome: "lost", reason, alone });
    }
    this.#listener.gone(reason);
  }

  #killAll(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      if (process.platform === "win32") this.#child.kill("SIGKILL");
      else process.kill(-pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }
}
