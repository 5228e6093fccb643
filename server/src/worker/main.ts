/**
 * A worker: a process that loads packs and runs jobs, and nothing else. Its argument is a `WorkerConfig`; file
 * descriptor 3 is the server.
 */
import { Socket } from "node:net";
import { check, type Definitions, isRefused, type Problem, parseJson } from "@mezzotint/engine";
import { endWithParent, FrameReader } from "@mezzotint/engine/process";
import { messageOf, trace } from "../failure.js";
import { hostDoors } from "./host-doors.js";
import type { Checked, ToWorker, WorkerConfig } from "./messages.js";
import { openWorkshop } from "./open-workshop.js";
import { outbox, tellServer } from "./outbox.js";
import { runJob } from "./run-job.js";
import { fromServer, jsonPart } from "./wire.js";

// Ctrl-C reaches the whole process group, and service managers end all at once; when to stop is the server's decision.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});

// A pack that forgets a rejection does no harm to other jobs. After an error that nobody caught all is uncertain: this
// process ends, and its last words say why.
process.on("unhandledRejection", (error) => process.stderr.write(`nobody waited for this: ${messageOf(error)}\n`));
process.on("uncaughtException", (error) => {
  process.stderr.write(`${trace(error)}\nan error that nobody caught: ${messageOf(error)}\n`, () => process.exit(1));
});

const config = JSON.parse(process.argv[2] ?? "") as WorkerConfig;
endWithParent(config.server);
const server = new Socket({ fd: 3, readable: true, writable: true });
server.on("error", () => process.exit(1));
server.on("end", () => process.exit());

/** Without these the server can do nothing: a worker that cannot tell them is of no use. */
const told = (definitions: Definitions): readonly Uint8Array[] => [jsonPart([...definitions.values()])];

const doors = hostDoors(() => tellServer(server, { type: "host-wanted" }));

const open = async () => {
  const opened = await openWorkshop(config, doors.open);
  return { ...opened, ready: told(opened.workshop.definitions()) };
};
const { workshop, freeMemory, describe, close, ready } = await open().catch((error: unknown) => {
  tellServer(server, { type: "unusable", reason: messageOf(error) });
  server.end(() => process.exit(1));
  // Nothing that follows may run, and what is said must get out.
  return new Promise<never>(() => {});
});

interface Job {
  readonly attempt: number;
  readonly abort: AbortController;
  previews: boolean;
}
const jobs = new Map<string, Job>();

async function start(message: Extract<ToWorker, { type: "run" }>): Promise<void> {
  const job: Job = { attempt: message.attempt, abort: new AbortController(), previews: message.previews };
  jobs.set(message.job, job);
  const { event, ended } = outbox(server, message);
  const running = { signal: job.abort.signal, emit: event, previews: () => job.previews };
  const end = await runJob(workshop, message, running);
  if (jobs.get(message.job) === job) jobs.delete(message.job);
  ended(end);
}

/** The job, if it is that try of it that runs. */
const find = ({ job: id, attempt }: { readonly job: string; readonly attempt: number }): Job | undefined => {
  const job = jobs.get(id);
  return job?.attempt === attempt ? job : undefined;
};

async function checked({ user, prompt, targets }: Extract<ToWorker, { type: "check" }>): Promise<Checked | undefined> {
  const { nodes, useOf, definitions, tellable } = workshop;
  const use = await useOf(user);
  const planned = await check(parseJson(prompt), definitions(), { nodes, use, targets });
  const told = <P extends Problem<string>>(problem: P): P => ({ ...problem, details: tellable(problem.details) });
  const node_errors = Object.fromEntries(
    Object.entries(planned.node_errors).map(([id, of]) => [id, { ...of, errors: of.errors.map(told) }]),
  );
  if (isRefused(planned)) return { error: told(planned.error), node_errors, targets: [] };
  return Object.keys(node_errors).length === 0 ? undefined : { node_errors, targets: planned.targets };
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.type) {
    case "run":
      return start(message);
    case "cancel":
      return find(message)?.abort.abort();
    case "watch": {
      const job = find(message);
      if (job) job.previews = message.previews;
      return;
    }
    case "check": {
      const result = await checked(message);
      return tellServer(server, { type: "checked", id: message.id, ...(result && { result }) });
    }
    case "describe":
      return tellServer(server, { type: "described", id: message.id }, told(await describe(message.user)));
    case "free":
      return freeMemory();
    case "host":
    case "hostless":
    case "host-died":
      return doors.told(message);
    case "stop":
      await close();
      process.exit();
  }
}

const frames = new FrameReader<unknown>({ parse: parseJson });
server.on("data", (chunk: Uint8Array) => {
  for (const frame of frames.push(chunk)) {
    const message = fromServer(frame);
    // A question that fails is not answered; whoever asked waits only so long.
    handle(message).catch((error: unknown) => process.stderr.write(`${message.type}: ${messageOf(error)}\n`));
  }
});
tellServer(server, { type: "ready" }, ready);
