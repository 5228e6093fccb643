import { Router } from "express";
import type { JobFilter } from "../jobs/queue.js";
import { historyBody, historyEntry, inHistory } from "../protocol/history.js";
import { recordBody, textBody } from "../security/body.js";
import { idsIn, isId } from "./ids.js";
import { countParam } from "./query.js";
import { enclosed, sendJson, streamJson } from "./send-json.js";
import type { Services } from "./services.js";

/** Jobs that are in ComfyUI's history: they ran, and are over. */
const OVER: JobFilter = { status: ["succeeded", "failed", "cancelled"], ran: true };

/** `/history`: what ran, oldest first; what it made and what became of it. */
export function historyRoutes({ records, userOf }: Pick<Services, "records" | "userOf">): Router {
  return Router()
    .get("/history", async (request, response) => {
      const filter = { ...OVER, user: userOf(request) };
      const most = countParam(request, "max_items");
      const offset = countParam(request, "offset") ?? (most === undefined ? 0 : await lastOf(filter, most));
      const page = { ...filter, offset, ascending: true, ...(most !== undefined && { limit: most }) };
      await streamJson(response, enclosed("{", entries(page), "}"));
    })
    .get("/history/:id", async (request, response) => {
      const { id } = request.params;
      const job = isId(id) ? await records.get(id) : undefined;
      const own = job !== undefined && job.user === userOf(request) && inHistory(job);
      sendJson(response, historyBody(own ? [job] : []));
    })
    .post("/history", textBody, async (request, response) => {
      const body = recordBody(request);
      const ids = idsIn(body, "delete");
      if (body.clear === true) await records.forget(userOf(request));
      else if (ids) await records.forget(userOf(request), ids);
      response.end();
    });

  /** Where the last `most` jobs begin. */
  async function lastOf(filter: JobFilter, most: number): Promise<number> {
    return Math.max(0, (await records.count(filter)) - most);
  }

  async function* entries(filter: JobFilter): AsyncGenerator<string> {
    for await (const job of records.pages(filter)) yield `${JSON.stringify(job.id)}:${historyEntry(job)}`;
  }
}
