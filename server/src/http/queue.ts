import { Router } from "express";
import { queueTuple } from "../protocol/history.js";
import { recordBody, textBody } from "../security/body.js";
import { idsIn, isId } from "./ids.js";
import { enclosed, streamJson } from "./send-json.js";
import type { Services } from "./services.js";

/** `/queue`, `/interrupt` and `/free`: what runs and waits, and how to stop it. */
export function queueRoutes(services: Services): Router {
  const { dispatcher, pool, userOf } = services;
  return Router()
    .get("/queue", (request, response) => streamJson(response, queueOf(userOf(request), services)))
    .post("/queue", textBody, async (request, response) => {
      const user = userOf(request);
      const body = recordBody(request);
      const ids = idsIn(body, "delete");
      if (body.clear === true) await dispatcher.clear(user);
      for (const id of ids ?? []) {
        // As in ComfyUI, what runs already is stopped by /interrupt only.
        if (!dispatcher.running().some(({ job }) => job.id === id)) await dispatcher.cancel(id, user);
      }
      response.end();
    })
    .post("/interrupt", textBody, (request, response) => {
      const { prompt_id } = recordBody(request);
      if (prompt_id === undefined || prompt_id === null) dispatcher.interrupt(userOf(request));
      else if (isId(prompt_id)) dispatcher.interrupt(userOf(request), prompt_id);
      response.end();
    })
    .post("/free", textBody, (request, response) => {
      const { unload_models, free_memory } = recordBody(request);
      pool.freeMemory({ models: unload_models === true || free_memory === true, cache: free_memory === true });
      response.end();
    });
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
