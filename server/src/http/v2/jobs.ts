import { parseJson, stringifyJson } from "@mezzotint/engine";
import type { Request, Response } from "express";
import { z } from "zod";
import type { Job } from "../../jobs/job.js";
import { recordBody, textBody } from "../../security/body.js";
import { HttpProblem } from "../../security/problem.js";
import { endWithToken } from "../end-with-token.js";
import { isId } from "../ids.js";
import { type Route, route } from "../operation.js";
import { originOf } from "../origin-of.js";
import { Page } from "../paging.js";
import type { Services } from "../services.js";
import { readSubmission } from "../submission.js";
import { idOf, submit } from "../submit.js";
import { WebhookRequest, webhooksFor } from "../webhook-request.js";
import { withAssets } from "./asset-references.js";
import { V2Job, V2Pagination, V2Problem, V2Status } from "./bodies.js";
import { followJob, LAST_EVENT } from "./job-events.js";
import { readLabels } from "./labels.js";
import { notFound, v2 } from "./refusals.js";
import { listed, snapshotOf } from "./snapshot.js";
import { statusesOf } from "./views.js";

const tag = "Comfy API v2: jobs";
const Id = z.object({ id: z.string() });
const json = (schema: z.ZodType) => ({ schema });
const oneJob = { description: "The job.", content: json(V2Job) };
const refused = (description: string) => ({ description, content: json(V2Problem) });

const NewJob = z.strictObject({
  workflow: z
    .record(z.string(), z.unknown())
    .describe("In API form; a workflow as an editor saves it is converted, where Comfy's own service refuses it"),
  extra_data: z.record(z.string(), z.unknown()).optional(),
  metadata: z.unknown().optional().describe("Labels: at most 16 texts by name, told with the job"),
  client_id: z.string().max(128).optional().describe("Whose WebSocket hears of it. Ours"),
  front: z.boolean().optional().describe("Before the others of its user. Ours"),
  number: z.number().optional().describe("Smaller runs earlier among one user's jobs. Ours"),
  webhook: WebhookRequest.optional().describe("Who is told when it is over. Ours"),
  webhook_url: z.string().optional().describe("The same under the name that Comfy reserves for it"),
});

const ListQuery = Page.extend({
  cursor: z
    .string()
    .regex(/^\d{1,10}$/)
    .optional()
    .describe("The `next_cursor` of the page before, in place of `offset`"),
  status: z
    .string()
    .optional()
    .describe(`One or more of ${V2Status.options.join(", ")}`),
  workflow_id: z.string().max(128).optional().describe("Of the saved workflow that jobs came from"),
  order: z.enum(["asc", "desc"]).default("desc").describe("By the time at which they were submitted"),
});

/** Streams that one user may have open, and all together. */
const MOST_STREAMS = 64;
const MOST_STREAMS_OF_ALL = 512;

/** Comfy API v2's jobs (https://docs.comfy.org, openapi-v2.yaml), under `/api` alone. */
export function v2JobRoutes(services: Services): readonly Route[] {
  const { records, dispatcher, userOf } = services;
  const streams = streamCounter();

  const find = async (request: Request<{ id: string }>): Promise<Job> => {
    const { id } = request.params;
    const job = isId(id) ? await records.get(id) : undefined;
    if (job?.user !== userOf(request)) throw notFound("job");
    return job;
  };
  const send = async (request: Request, response: Response, job: Job, status = 200): Promise<void> => {
    response.status(status).json(await snapshotOf(job, originOf(request), services));
  };

  return [
    route(
      {
        method: "post",
        path: "/v2/jobs",
        scope: "run",
        tag,
        summary: "Submit a workflow",
        description: [
          "The job is on disk before this answers. `core/ASSET` objects in inputs stand for uploaded assets.",
          "An `Idempotency-Key` names the job: sent again with the same body it answers 200 with that job (Comfy's own",
          "service refuses it), with another body 422 `idempotency_key_reuse`.",
        ].join(" "),
        body: json(NewJob),
        answers: {
          201: { ...oneJob, description: "The job is kept, and waits." },
          200: { ...oneJob, description: "It was submitted before with this Idempotency-Key." },
          422: refused("`invalid_workflow`, `missing_asset` or `idempotency_key_reuse`."),
          429: refused("`queue_full`; `Retry-After` says when to try again."),
        },
      },
      textBody,
      v2(async (request, response) => {
        const user = userOf(request);
        const read = NewJob.parse(recordBody(request));
        const { workflow, webhook, webhook_url, metadata, extra_data, ...rest } = read;
        const labels = readLabels(metadata);
        const extra = { ...extra_data, ...(labels && { metadata: labels }) };
        const submission = readSubmission({ prompt: workflow, ...rest, extra_data: extra });
        const id = idOf(request, user);
        const { job, again } = await submit(
          {
            ...submission,
            user,
            ...(id !== undefined && { id }),
            webhooks: webhooksFor(
              webhook ?? webhook_url ?? submission.webhook,
              originOf(request),
              services.webhookPolicy,
            ),
            change: (prompt) => withAssets(prompt, user, services.assets),
          },
          services,
        );
        const kept = await records.get(job.id);
        if (!kept) throw notFound("job");
        await send(request, response, kept, again ? 200 : 201);
      }),
    ),
    route(
      {
        method: "get",
        path: "/v2/jobs",
        scope: "read",
        tag,
        summary: "List jobs",
        description: "The user's own. Comfy's contract has no list: filters and paging are a guess.",
        query: ListQuery,
        answers: {
          200: {
            description: "A page of jobs.",
            content: json(
              z.object({ jobs: z.array(V2Job), pagination: V2Pagination, next_cursor: z.string().nullable() }),
            ),
          },
        },
      },
      v2(async (request, response) => {
        const { status, workflow_id: workflow, order, cursor, limit, ...page } = ListQuery.parse(request.query);
        const offset = cursor === undefined ? page.offset : Number(cursor);
        const names = status?.split(",");
        const known = names && statusesOf(names.filter((name) => name !== "expired" && name !== "canceling"));
        if (names && !known)
          throw new HttpProblem(400, "invalid_request", "status is not usable", {
            details: `it is one or more of ${V2Status.options.join(", ")}`,
          });
        const filter = { user: userOf(request), ...(known && { status: known }), ...(workflow && { workflow }) };
        const jobs = await records.list({ ...filter, sortBy: "created_at", ascending: order === "asc", offset, limit });
        const total = await records.count(filter);
        const shown = [];
        for (const job of jobs) shown.push(await listed(job, originOf(request), services));
        const next = offset + jobs.length;
        const has_more = jobs.length > 0 && next < total;
        const pagination = { offset, limit, total, has_more };
        response.json({ jobs: shown, pagination, next_cursor: has_more ? String(next) : null });
      }),
    ),
    route(
      {
        method: "get",
        path: "/v2/jobs/:id",
        scope: "read",
        tag,
        summary: "A job as it is now",
        params: Id,
        answers: { 200: oneJob },
      },
      v2(async (request, response) => send(request, response, await find(request))),
    ),
    route(
      {
        method: "get",
        path: "/v2/jobs/:id/workflow",
        scope: "read",
        tag,
        summary: "The workflow behind a job",
        description: "`save`: as it was saved, if the job came from a saved workflow; `api`: the prompt that ran.",
        params: Id,
        answers: {
          200: {
            description: "The workflow.",
            content: json(z.object({ workflow: z.record(z.string(), z.unknown()), format: z.enum(["save", "api"]) })),
          },
        },
      },
      v2(async (request, response) => {
        const { prompt, extra } = await find(request);
        const { extra_pnginfo: info } = parseJson(extra) as { extra_pnginfo?: { workflow?: { nodes?: unknown } } };
        const saved = info?.workflow;
        // Of what was sent along, only what is a saved workflow counts.
        const text = Array.isArray(saved?.nodes)
          ? `{"workflow":${stringifyJson(saved)},"format":"save"}`
          : `{"workflow":${prompt},"format":"api"}`;
        response.type("json").send(text);
      }),
    ),
    route(
      {
        method: "get",
        path: "/v2/jobs/:id/events",
        scope: "read",
        tag,
        summary: "A job's events as they happen",
        description: [
          "Server-sent events. `status`: the job, as GET tells it, at first and at each change; `progress`: how far it is,",
          "and the job under `job`; `output`: something that it made; `preview`: a picture being made, in base64. Each is",
          "complete, so that nothing is lost by missing some. The stream ends after the last `status`; that one has the id",
          "`end`, and who comes back with it in `Last-Event-ID` gets 204, which keeps browsers from asking again.",
        ].join(" "),
        params: Id,
        answers: {
          200: { description: "The events.", content: { schema: z.string(), type: "text/event-stream" } },
          204: { description: "The job is over, and the client has heard so." },
          429: refused("`too_many_streams`: this user has too many open."),
        },
      },
      v2(async (request, response) => {
        const { id, user, endedAt } = await find(request);
        if (endedAt !== undefined && request.get("last-event-id") === LAST_EVENT) {
          response.status(204).end();
          return;
        }
        streams.take(user, response);
        endWithToken(request, response, services);
        followJob(id, originOf(request), response, services);
      }),
    ),
    route(
      {
        method: "post",
        path: "/v2/jobs/:id/cancel",
        scope: "run",
        tag,
        summary: "Cancel a job, wherever it is",
        description: "A job that runs is `canceling` until it has stopped, within a second. One that is over stays so.",
        params: Id,
        answers: { 200: oneJob },
      },
      textBody,
      v2(async (request, response) => {
        const { id, user } = await find(request);
        await dispatcher.cancel(id, user);
        await send(request, response, await find(request));
      }),
    ),
  ];
}

/** Counts open streams, and refuses what is too much. */
function streamCounter() {
  const open = new Map<string, number>();
  let all = 0;
  const add = (user: string, more: 1 | -1): void => {
    all += more;
    const now = (open.get(user) ?? 0) + more;
    if (now > 0) open.set(user, now);
    else open.delete(user);
  };
  return {
    take: (user: string, response: Response): void => {
      if ((open.get(user) ?? 0) >= MOST_STREAMS || all >= MOST_STREAMS_OF_ALL)
        throw new HttpProblem(429, "too_many_streams", "Too many event streams are open", {
          details: "close one, or ask for the job itself",
          headers: { "Retry-After": "5" },
        });
      add(user, 1);
      response.once("close", () => add(user, -1));
    },
  };
}
