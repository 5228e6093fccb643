import type { Request } from "express";
import { z } from "zod";
import type { JobFilter } from "../jobs/queue.js";
import { jobDetail, jobPage, jobStatuses } from "../protocol/job-view.js";
import { recordBody, textBody } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";
import { Ids, idsIn, isId } from "./ids.js";
import { answer, jsonAnswer, type Route, route } from "./operation.js";
import { countParam, textParam } from "./query.js";
import { sendJson } from "./send-json.js";
import type { Services } from "./services.js";

/** Jobs that one page of a list holds at most; a client that wants all asks again while `has_more` is true. */
const PAGE = 1000;

const unusable = (name: string, details: string): HttpProblem =>
  new HttpProblem(400, "invalid_request", `${name} is not usable`, { details });

const STATUSES = "pending, in_progress, completed, failed, cancelled";
const Filter = z.object({
  status: z.string().optional().describe(`One or more of ${STATUSES}, with commas`),
  workflow_id: z.string().optional(),
  sort_by: z.enum(["created_at", "execution_duration"]).optional(),
  sort_order: z.enum(["asc", "desc"]).optional(),
  limit: z.coerce.number().int().min(0).optional().describe(`At most ${PAGE}`),
  offset: z.coerce.number().int().min(0).optional(),
});
const JobBody = z.looseObject({ id: z.string(), status: z.string().describe(STATUSES) });
const Page = z.object({
  jobs: z.array(JobBody),
  pagination: z.looseObject({ offset: z.int(), total: z.int(), has_more: z.boolean() }),
});
const Cancelled = z.object({ cancelled: z.boolean().describe("Whether something was") });
const Id = z.object({ id: z.string() });

/** ComfyUI's `/api/jobs`: every job, whatever its state, a page at a time. */
export function jobRoutes({
  records,
  dispatcher,
  userOf,
}: Pick<Services, "records" | "dispatcher" | "userOf">): readonly Route[] {
  const cancel = async (id: string, user: string): Promise<boolean> =>
    isId(id) && ["queued", "running"].includes(await dispatcher.cancel(id, user));
  return [
    route(
      {
        method: "get",
        path: "/jobs",
        scope: "read",
        tag: "Jobs",
        summary: "Jobs in any state, a page at a time",
        query: Filter,
        answers: { 200: jsonAnswer("A page", Page) },
      },
      async (request, response) => {
        const filter = { ...readFilter(request), user: userOf(request) };
        const [offset, limit] = [countParam(request, "offset") ?? 0, countParam(request, "limit")];
        const jobs = await records.list({ ...filter, offset, limit: Math.min(limit ?? PAGE, PAGE) });
        sendJson(response, jobPage(jobs, { offset, limit, total: await records.count(filter) }));
      },
    ),
    route(
      {
        method: "get",
        path: "/jobs/:id",
        scope: "read",
        tag: "Jobs",
        summary: "One job, its workflow and outputs included",
        params: Id,
        answers: { 200: jsonAnswer("The job", JobBody), 404: answer("There is no such job") },
      },
      async (request, response) => {
        const { id } = request.params;
        const job = isId(id) ? await records.get(id) : undefined;
        if (job?.user !== userOf(request)) throw new HttpProblem(404, "not_found", "There is no such job");
        sendJson(response, jobDetail(job, await records.attempts(job.id)));
      },
    ),
    route(
      {
        method: "post",
        path: "/jobs/cancel",
        scope: "run",
        tag: "Jobs",
        summary: "Cancel jobs, whether they wait or run",
        body: { schema: z.object({ job_ids: Ids }) },
        answers: { 200: jsonAnswer("Done", Cancelled) },
      },
      textBody,
      async (request, response) => {
        const ids = idsIn(recordBody(request), "job_ids");
        if (ids === undefined) throw unusable("job_ids", "it is a list of job ids");
        let cancelled = false;
        for (const id of ids) cancelled = (await cancel(id, userOf(request))) || cancelled;
        response.json({ cancelled });
      },
    ),
    route(
      {
        method: "post",
        path: "/jobs/:id/cancel",
        scope: "run",
        tag: "Jobs",
        summary: "Cancel a job, whether it waits or runs",
        params: Id,
        answers: { 200: jsonAnswer("Done", Cancelled) },
      },
      textBody,
      async (request, response) => {
        response.json({ cancelled: await cancel(request.params.id, userOf(request)) });
      },
    ),
  ];
}

function readFilter(request: Request): JobFilter {
  const status = textParam(request, "status")?.split(",");
  const known = status && jobStatuses(status);
  if (status && !known) throw unusable("status", `it is one or more of ${STATUSES}`);
  const workflow = textParam(request, "workflow_id");
  const sortBy = textParam(request, "sort_by") ?? "created_at";
  if (sortBy !== "created_at" && sortBy !== "execution_duration")
    throw unusable("sort_by", "it is created_at or execution_duration");
  const order = textParam(request, "sort_order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw unusable("sort_order", "it is asc or desc");
  return { sortBy, ascending: order === "asc", ...(known && { status: known }), ...(workflow && { workflow }) };
}
