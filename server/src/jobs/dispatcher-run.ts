import { type NodeEvent, type Place, parseJson } from "@mezzotint/engine";
import type { Ended } from "../worker/messages.js";
import type { Note } from "./dispatcher-events.js";
import type { Outcome } from "./job.js";
import { neededNodes, type Progress, progressOf } from "./progress.js";
import type { Claim } from "./queue.js";

/** How far a node of a run is. */
export interface RunNode extends Place {
  /** The node of the prompt that it is or, in an expansion, comes out of. */
  readonly real: string;
  readonly state: "running" | "finished" | "error";
  readonly value: number;
  readonly max: number;
}

type Failed = Extract<Ended, { outcome: "failed" }>;

/** What is known of one try of a job: gathered from what the engine says, and made into what is kept of it. */
export class RunRecord {
  readonly claim: Claim;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly #nodes = new Map<string, RunNode>();
  readonly #outputs: Record<string, Outcome["outputs"][string]> = Object.create(null);
  readonly #meta: Record<string, unknown> = Object.create(null);
  readonly #notes: Note[] = [];
  /** Nodes of the prompt that are done, in order. */
  readonly #executed = new Set<string>();
  #recalled: ReadonlySet<string> | undefined;
  #needed: ReadonlyMap<string, string> | undefined;
  #current: RunNode | undefined;
  #prompt: Readonly<Record<string, unknown>> | undefined;
  #clock: number;

  constructor(claim: Claim) {
    this.claim = claim;
    this.#clock = claim.job.startedAt ?? 0;
    this.startedAt = this.#now();
    this.#note("execution_start");
  }

  /** ComfyUI's `status.messages` up to now. */
  get notes(): readonly Note[] {
    return this.#notes;
  }

  /** Nodes that run or ran, by id; those of expansions only while they run. */
  get nodes(): ReadonlyMap<string, RunNode> {
    return this.#nodes;
  }

  /** The node that began last and still runs. */
  get current(): RunNode | undefined {
    return this.#current;
  }

  /** What nodes showed up to now, by node. */
  get outputs(): Outcome["outputs"] {
    return this.#outputs;
  }

  /** How far the run is. The prompt is parsed when this is first asked for. */
  progress(): Progress {
    this.#needed ??= neededNodes(this.claim.job);
    return progressOf(this.#needed, this.#nodes, this.#recalled ?? new Set(), this.#current);
  }

  /** Takes in what the engine says; answers with the node as it is now. */
  add(event: NodeEvent): RunNode {
    const node = this.#nodeAfter(event);
    const over = event.type === "finished" || event.type === "cached" || event.type === "blocked";
    // Loops bring nodes by the hundred thousand: those of expansions are let go when they are done.
    if (over && event.parent !== undefined) this.#nodes.delete(event.node);
    else this.#nodes.set(event.node, node);
    if (event.type === "started") this.#current = node;
    else if (this.#current?.node === event.node) this.#current = over ? this.#lastRunning() : node;
    if (over && event.type !== "blocked" && event.parent === undefined) this.#executed.add(event.node);
    if ((event.type === "finished" || event.type === "cached") && event.shown) this.#show(node, event.shown);
    return node;
  }

  #show(node: RunNode, shown: Outcome["outputs"][string]): void {
    this.#outputs[node.node] = shown;
    this.#meta[node.node] = {
      node_id: node.node,
      display_node: node.display,
      parent_node: node.parent ?? null,
      real_node_id: node.real,
    };
  }

  /** Takes in which nodes need not run. Clients wait for that message, so that it is said once, whatever the run says. */
  recalled(nodes: readonly string[]): void {
    if (this.#recalled) return;
    this.#recalled = new Set(nodes);
    this.#note("execution_cached", { nodes });
  }

  /** Why a node was blocked, in the words of ComfyUI's message; it is told and not kept, because the run goes on. */
  blocked(node: RunNode, message: string): Note {
    return [
      "execution_error",
      {
        prompt_id: this.claim.job.id,
        node_id: node.real,
        node_type: this.#classOf(node.real),
        executed: [...this.#executed],
        exception_message: `Execution Blocked: ${message}`,
        exception_type: "ExecutionBlocked",
        traceback: [],
        current_inputs: {},
        current_outputs: [],
        timestamp: this.#now(),
      },
    ];
  }

  /** The end of the run, as it is kept. */
  end(ended: Ended): Outcome {
    this.recalled([]);
    const kept = { outputs: this.#outputs, meta: this.#meta, messages: this.#notes };
    switch (ended.outcome) {
      case "succeeded":
        this.#note("execution_success");
        return { status: "succeeded", ...kept };
      case "interrupted":
        this.#note("execution_interrupted", this.#where(this.#current?.real));
        return { status: "cancelled", ...kept };
      case "failed":
        return { status: "failed", ...kept, error: this.#note("execution_error", this.#failure(ended)) };
    }
  }

  #failure({ node, display, classType, message, type, stack }: Failed): Readonly<Record<string, unknown>> {
    const known = node === undefined ? undefined : this.#nodes.get(node);
    if (known) this.#nodes.set(known.node, { ...known, state: "error" });
    const place = this.#where(known?.real ?? display ?? node, classType);
    return {
      ...place,
      exception_message: message,
      exception_type: type,
      traceback: stack,
      current_inputs: {},
      current_outputs: [],
    };
  }

  #where(node: string | undefined, classType?: string): Readonly<Record<string, unknown>> {
    const node_type = classType ?? (node === undefined ? null : this.#classOf(node));
    return { node_id: node ?? null, node_type, executed: [...this.#executed] };
  }

  #nodeAfter(event: NodeEvent): RunNode {
    const { node, display, parent } = event;
    const known = this.#nodes.get(node);
    const real = known?.real ?? (parent === undefined ? node : (this.#nodes.get(parent)?.real ?? display));
    // Written out: it is made for every event, and spreading objects costs more than the rest of it.
    const as = (state: RunNode["state"], value: number, max: number): RunNode =>
      parent === undefined
        ? { node, display, real, state, value, max }
        : { node, display, parent, real, state, value, max };
    switch (event.type) {
      case "started":
        return as("running", 0, 1);
      case "progress":
        return as("running", event.done, event.total);
      case "preview":
        return known ?? as("running", 0, 1);
      default:
        return as("finished", known?.max ?? 1, known?.max ?? 1);
    }
  }

  #lastRunning(): RunNode | undefined {
    let last: RunNode | undefined;
    for (const node of this.#nodes.values()) if (node.state === "running") last = node;
    return last;
  }

  /** Adds to `status.messages`; answers with the data. */
  #note(name: string, data: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
    const whole = { prompt_id: this.claim.job.id, ...data, timestamp: this.#now() };
    this.#notes.push([name, whole]);
    return whole;
  }

  /** The machine's clock, except that it does not go back since the job began. */
  #now(): number {
    this.#clock = Math.max(this.#clock, Date.now());
    return this.#clock;
  }

  /** The class of a node of the prompt. The prompt is parsed only here: few runs are interrupted or blocked. */
  #classOf(node: string): string {
    try {
      this.#prompt ??= parseJson(this.claim.job.prompt) as Readonly<Record<string, unknown>>;
    } catch {
      this.#prompt = {};
    }
    const call = Object.hasOwn(this.#prompt, node) ? this.#prompt[node] : undefined;
    const name = typeof call === "object" && call !== null && "class_type" in call ? call.class_type : undefined;
    return typeof name === "string" ? name : "";
  }
}
