import { type Request, Router } from "express";
import type { JobFilter } from "../jobs/queue.js";
import { jobDetail, jobPage, jobStatuses } from "../protocol/job-view.js";
import { recordBody, textBody } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";
import { idsIn, isId } from "./ids.js";
import { countParam, textParam } from "./query.js";
import { sendJson } from "./send-json.js";
import type { Services } from "./services.js";

/** Jobs that one page of a list holds at most; a client that wants all asks again while `has_more` is true. */
const PAGE = 1000;

const unusable = (name: string, details: string): HttpProblem =>
  new HttpProblem(400, "invalid_request", `${name} is not usable`, { details });

/** ComfyUI's `/api/jobs`: every job, whatever its state, a page at a time. */
export function jobRoutes({
  records,
  dispatcher,
  userOf,
}: Pick<Services, "records" | "dispatcher" | "userOf">): Router {
  const cancel = async (id: string, user: string): Promise<boolean> =>
    isId(id) && ["queued", "running"].includes(await dispatcher.cancel(id, user));
  return Router()
    .get("/jobs", async (request, response) => {
      const filter = { ...readFilter(request), user: userOf(request) };
      const [offset, limit] = [countParam(request, "offset") ?? 0, countParam(request, "limit")];
      const jobs = await records.list({ ...filter, offset, limit: Math.min(limit ?? PAGE, PAGE) });
      sendJson(response, jobPage(jobs, { offset, limit, total: await records.count(filter) }));
    })
    .get("/jobs/:id", async (request, response) => {
      const { id } = request.params;
      const job = isId(id) ? await records.get(id) : undefined;
      if (job?.user !== userOf(request)) throw new HttpProblem(404, "not_found", "There is no such job");
      sendJson(response, jobDetail(job, await records.attempts(job.id)));
    })
    .post("/jobs/cancel", textBody, async (request, response) => {
      const ids = idsIn(recordBody(request), "job_ids");
      if (ids === undefined) throw unusable("job_ids", "it is a list of job ids");
      let cancelled = false;
      for (const id of ids) cancelled = (await cancel(id, userOf(request))) || cancelled;
      response.json({ cancelled });
    })
    .post("/jobs/:id/cancel", textBody, async (request, response) => {
      response.json({ cancelled: await cancel(String(request.params.id), userOf(request)) });
    });
}

function readFilter(request: Request): JobFilter {
  const status = textParam(request, "status")?.split(",");
  const known = status && jobStatuses(status);
  if (status && !known)
    throw unusable("status", "it is one or more of pending, in_progress, completed, failed, cancelled");
  const workflow = textParam(request, "workflow_id");
  const sortBy = textParam(request, "sort_by") ?? "created_at";
  if (sortBy !== "created_at" && sortBy !== "execution_duration")
    throw unusable("sort_by", "it is created_at or execution_duration");
  const order = textParam(request, "sort_order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw unusable("sort_order", "it is asc or desc");
  return { sortBy, ascending: order === "asc", ...(known && { status: known }), ...(workflow && { workflow }) };
}
