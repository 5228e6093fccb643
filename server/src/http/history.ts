import { z } from "zod";
import type { JobFilter } from "../jobs/queue.js";
import { historyBody, historyEntry, inHistory } from "../protocol/history.js";
import { recordBody, textBody } from "../security/body.js";
import { Ids, idsIn, isId } from "./ids.js";
import { answer, jsonAnswer, type Route, route } from "./operation.js";
import { countParam } from "./query.js";
import { enclosed, sendJson, streamJson } from "./send-json.js";
import type { Services } from "./services.js";

/** Jobs that are in ComfyUI's history: they ran, and are over. */
const OVER: JobFilter = { status: ["succeeded", "failed", "cancelled"], ran: true };

const Entries = z.record(z.string(), z.looseObject({})).describe("prompt, outputs, status and meta, by job id");
const Page = z.object({
  max_items: z.coerce.number().int().min(0).optional().describe("The last so many"),
  offset: z.coerce.number().int().min(0).optional().describe("How many of the oldest are left out"),
});
const Change = z.looseObject({
  clear: z.boolean().optional().describe("Forget all that is over"),
  delete: Ids.optional().describe("Forget these"),
});

/** `/history`: what ran, oldest first; what it made and what became of it. */
export function historyRoutes({ records, userOf }: Pick<Services, "records" | "userOf">): readonly Route[] {
  return [
    route(
      {
        method: "get",
        path: "/history",
        scope: "read",
        tag: "Jobs",
        summary: "What ran, oldest first",
        query: Page,
        answers: { 200: jsonAnswer("The jobs", Entries) },
      },
      async (request, response) => {
        const filter = { ...OVER, user: userOf(request) };
        const most = countParam(request, "max_items");
        const offset = countParam(request, "offset") ?? (most === undefined ? 0 : await lastOf(filter, most));
        const page = { ...filter, offset, ascending: true, ...(most !== undefined && { limit: most }) };
        await streamJson(response, enclosed("{", entries(page), "}"));
      },
    ),
    route(
      {
        method: "get",
        path: "/history/:id",
        scope: "read",
        tag: "Jobs",
        summary: "One job that ran",
        params: z.object({ id: z.string() }),
        answers: { 200: jsonAnswer("The job under its id; empty while it waits or runs", Entries) },
      },
      async (request, response) => {
        const { id } = request.params;
        const job = isId(id) ? await records.get(id) : undefined;
        const own = job !== undefined && job.user === userOf(request) && inHistory(job);
        sendJson(response, historyBody(own ? [job] : []));
      },
    ),
    route(
      {
        method: "post",
        path: "/history",
        scope: "run",
        tag: "Jobs",
        summary: "Forget jobs that are over",
        body: { schema: Change },
        answers: { 200: answer("Done") },
      },
      textBody,
      async (request, response) => {
        const body = recordBody(request);
        const ids = idsIn(body, "delete");
        if (body.clear === true) await records.forget(userOf(request));
        else if (ids) await records.forget(userOf(request), ids);
        response.end();
      },
    ),
  ];

  /** Where the last `most` jobs begin. */
  async function lastOf(filter: JobFilter, most: number): Promise<number> {
    return Math.max(0, (await records.count(filter)) - most);
  }

  async function* entries(filter: JobFilter): AsyncGenerator<string> {
    for await (const job of records.pages(filter)) yield `${JSON.stringify(job.id)}:${historyEntry(job)}`;
  }
}
