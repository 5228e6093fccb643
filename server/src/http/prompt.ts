import { stringifyJson } from "@mezzotint/engine";
import { Router } from "express";
import { recordBody, textBody } from "../security/body.js";
import type { Services } from "./services.js";
import { readSubmission } from "./submission.js";
import { idOf, submit } from "./submit.js";

/** `/prompt`: submits a job, or says how many there are. */
export function promptRoutes(services: Services): Router {
  const { dispatcher, userOf } = services;
  return Router()
    .get("/prompt", (_request, response) => {
      const { queued, running } = dispatcher.counts();
      response.json({ exec_info: { queue_remaining: queued + running } });
    })
    .post("/prompt", textBody, async (request, response) => {
      const submission = readSubmission(recordBody(request));
      const user = userOf(request);
      const id = submission.id ?? idOf(request, user);
      const { job, node_errors, findings } = await submit(
        { ...submission, user, ...(id !== undefined && { id }) },
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
    });
}
