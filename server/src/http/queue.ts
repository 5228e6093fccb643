import { z } from "zod";
import { queueTuple } from "../protocol/history.js";
import { recordBody, textBody } from "../security/body.js";
import { Ids, idsIn, isId } from "./ids.js";
import { answer, jsonAnswer, type Route, route } from "./operation.js";
import { enclosed, streamJson } from "./send-json.js";
import type { Services } from "./services.js";

const Tuple = z.array(z.unknown()).describe("number, id, prompt, extra_data, ids of the nodes that show something");
const QueueBody = z.object({ queue_running: z.array(Tuple), queue_pending: z.array(Tuple) });
const Change = z.looseObject({
  clear: z.boolean().optional().describe("Cancel all that waits"),
  delete: Ids.optional().describe("Cancel these, where they wait"),
});
const Interrupt = z.looseObject({ prompt_id: z.string().optional().describe("This job only; all that run otherwise") });
const Free = z.looseObject({
  unload_models: z.boolean().optional().describe("Models leave memory"),
  free_memory: z.boolean().optional().describe("What nodes computed leaves memory too"),
});

/** `/queue`, `/interrupt` and `/free`: what runs and waits, and how to stop it. */
export function queueRoutes(services: Services): readonly Route[] {
  const { dispatcher, pool, userOf } = services;
  return [
    route(
      {
        method: "get",
        path: "/queue",
        scope: "read",
        tag: "Jobs",
        summary: "What runs and what waits",
        answers: { 200: jsonAnswer("The jobs", QueueBody) },
      },
      (request, response) => streamJson(response, queueOf(userOf(request), services)),
    ),
    route(
      {
        method: "post",
        path: "/queue",
        scope: "run",
        tag: "Jobs",
        summary: "Cancel jobs that wait",
        body: { schema: Change },
        answers: { 200: answer("Done") },
      },
      textBody,
      async (request, response) => {
        const user = userOf(request);
        const body = recordBody(request);
        const ids = idsIn(body, "delete");
        if (body.clear === true) await dispatcher.clear(user);
        for (const id of ids ?? []) {
          // As in ComfyUI, what runs already is stopped by /interrupt only.
          if (!dispatcher.running().some(({ job }) => job.id === id)) await dispatcher.cancel(id, user);
        }
        response.end();
      },
    ),
    route(
      {
        method: "post",
        path: "/interrupt",
        scope: "run",
        tag: "Jobs",
        summary: "Cancel what runs",
        body: { schema: Interrupt },
        answers: { 200: answer("Asked to stop") },
      },
      textBody,
      (request, response) => {
        const { prompt_id } = recordBody(request);
        if (prompt_id === undefined || prompt_id === null) dispatcher.interrupt(userOf(request));
        else if (isId(prompt_id)) dispatcher.interrupt(userOf(request), prompt_id);
        response.end();
      },
    ),
    route(
      {
        method: "post",
        path: "/free",
        scope: "run",
        tag: "Server",
        summary: "Free memory",
        body: { schema: Free },
        answers: { 200: answer("Asked to") },
      },
      textBody,
      (request, response) => {
        const { unload_models, free_memory } = recordBody(request);
        pool.freeMemory({ models: unload_models === true || free_memory === true, cache: free_memory === true });
        response.end();
      },
    ),
  ];
}

/** Waiting jobs before running ones: a job that starts meanwhile is told once, and none is missed. */
async function* queueOf(user: string, { records }: Services): AsyncGenerator<string> {
  const waiting = new Set<string>();
  yield '{"queue_pending":';
  yield* enclosed("[", tuples("queued"), "]");
  yield ',"queue_running":';
  yield* enclosed("[", tuples("running"), "]");
  yield "}";

  async function* tuples(status: "queued" | "running"): AsyncGenerator<string> {
    for await (const job of records.pages({ user, status: [status] })) {
      if (waiting.has(job.id)) continue;
      if (status === "queued") waiting.add(job.id);
      yield queueTuple(job);
    }
  }
}
