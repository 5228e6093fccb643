import { stringifyJson } from "@mezzotint/engine";
import { z } from "zod";
import { recordBody, textBody } from "../security/body.js";
import { answer, jsonAnswer, type Route, route } from "./operation.js";
import { originOf } from "./origin-of.js";
import type { Services } from "./services.js";
import { readSubmission, SubmissionBody } from "./submission.js";
import { idOf, submit } from "./submit.js";
import { webhooksFor } from "./webhook-request.js";

const Remaining = z.object({ exec_info: z.object({ queue_remaining: z.int().min(0) }) });
const Accepted = z.object({
  prompt_id: z.string().describe("The job's id"),
  number: z.number().describe("Jobs with smaller numbers run earlier"),
  node_errors: z.looseObject({}).describe("What will not run, and why, by node id; the rest runs"),
  findings: z.array(z.looseObject({})).optional().describe("What a saved workflow left open, and what was taken"),
});

/** `/prompt`: submits a job, or says how many there are. */
export function promptRoutes(services: Services): readonly Route[] {
  const { dispatcher, userOf } = services;
  return [
    route(
      {
        method: "get",
        path: "/prompt",
        scope: "read",
        tag: "Jobs",
        summary: "How many jobs wait or run",
        answers: { 200: jsonAnswer("The count", Remaining) },
      },
      (_request, response) => {
        const { queued, running } = dispatcher.counts();
        response.json({ exec_info: { queue_remaining: queued + running } });
      },
    ),
    route(
      {
        method: "post",
        path: "/prompt",
        scope: "run",
        tag: "Jobs",
        summary: "Submit a workflow",
        description:
          "Takes a prompt in API form, or a workflow as an editor saves it. The job is kept safely before it is accepted. " +
          "An `Idempotency-Key` header, or a `prompt_id` of the client's own, makes it safe to send the same again.",
        body: { schema: SubmissionBody },
        answers: {
          200: jsonAnswer("Accepted", Accepted),
          400: answer("It cannot run; `node_errors` says why, by node"),
          409: answer("The id, or the Idempotency-Key, stands for another prompt"),
          429: answer("The queue is full; `Retry-After` says when to try again"),
          503: answer("It cannot be kept safely now"),
          507: answer("The disk is full"),
        },
      },
      textBody,
      async (request, response) => {
        const submission = readSubmission(recordBody(request));
        const user = userOf(request);
        const id = submission.id ?? idOf(request, user);
        const webhooks = webhooksFor(submission.webhook, originOf(request), services.webhookPolicy);
        const { job, node_errors, findings } = await submit(
          { ...submission, user, webhooks, ...(id !== undefined && { id }) },
          services,
        );
        response.type("json").send(
          stringifyJson({
            prompt_id: job.id,
            number: job.number,
            node_errors,
            ...(findings.length > 0 && { findings }),
          }),
        );
      },
    ),
  ];
}
