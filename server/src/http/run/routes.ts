import { createHash, randomBytes } from "node:crypto";
import { type Prompt, stringifyJson } from "@mezzotint/engine";
import { z } from "zod";
import { Failure, messageOf } from "../../failure.js";
import { recordBody, textBody } from "../../security/body.js";
import { HttpProblem } from "../../security/problem.js";
import { fillIn } from "../../workflows/parameters.js";
import { MAX_SEED, withSeed } from "../../workflows/seeds.js";
import { definitionsOf } from "../definitions.js";
import { asRefusal } from "../files/refusal.js";
import { answer, jsonAnswer, type Route, route } from "../operation.js";
import { originOf } from "../origin-of.js";
import { sendJson } from "../send-json.js";
import type { Services } from "../services.js";
import { idOf, promptOf, submit } from "../submit.js";
import { V2Job } from "../v2/bodies.js";
import { isOver, snapshotOf } from "../v2/snapshot.js";
import { WebhookRequest, webhooksFor } from "../webhook-request.js";
import { inputSchema } from "./input-schema.js";
import { savedWorkflow, workflowNames } from "./saved-workflow.js";
import { waitForEnd } from "./wait-for-end.js";

const tag = "Run a saved workflow";
const Name = z.object({ name: z.string().describe("As it was saved, without `.json`; `/` in it as `%2F`") });

/** Seconds that a request may wait. Proxies give up sooner or later; who needs longer follows the events. */
const LONGEST_WAIT = 300;

const RunBody = z.strictObject({
  inputs: z
    .record(z.string(), z.unknown())
    .default({})
    .describe("Values by name: names of the workflow's `inputs` block; without one, `node.input` by title, type or id"),
  seed: z
    .union([z.literal("random"), z.int().min(0), z.bigint().min(0n).max(MAX_SEED)])
    .optional()
    .describe("For every seed in the workflow; `random`: another each time. Absent: as saved"),
  webhook: WebhookRequest.optional().describe("Who is told when it is over"),
  client_id: z.string().max(128).optional().describe("Whose WebSocket hears of it"),
  front: z.boolean().optional().describe("Before the others of its user"),
  number: z.number().optional().describe("Smaller runs earlier among one user's jobs"),
});
const RunQuery = z.object({
  wait: z.coerce
    .number()
    .min(0)
    .max(LONGEST_WAIT)
    .default(0)
    .describe("Seconds to wait for the end; the answer is 200 if it comes in time"),
});
const Schema = z.looseObject({ type: z.literal("object"), properties: z.record(z.string(), z.looseObject({})) });

/** Runs workflows that a user saved, by name. Under `/api` alone. */
export function runRoutes(services: Services): readonly Route[] {
  const { records, userOf } = services;
  return [
    route(
      {
        method: "get",
        path: "/run",
        scope: "read",
        tag,
        summary: "The workflows that can be run by name",
        description: "Those that the user saved: what the editor lists, the `workflows` folder of `/userdata`.",
        answers: { 200: jsonAnswer("Their names", z.object({ workflows: z.array(z.object({ name: z.string() })) })) },
      },
      async (request, response) => {
        const names = await workflowNames(services, request);
        response.json({ workflows: names.map((name) => ({ name })) });
      },
    ),
    route(
      {
        method: "get",
        path: "/run/:name",
        scope: "read",
        tag,
        summary: "What a workflow takes",
        description:
          "The inputs as JSON Schema. `declared`: the workflow has an `inputs` block; else nodes' titles name them.",
        params: Name,
        answers: {
          200: jsonAnswer("Its inputs", z.object({ name: z.string(), declared: z.boolean(), inputs: Schema })),
          404: answer("There is no such workflow; the answer names those that there are"),
        },
      },
      async (request, response) => {
        const user = userOf(request);
        const { name, source, block } = await savedWorkflow(services, request, request.params.name).catch(refused);
        const { prompt } = await promptOf({ source, user }, services);
        const definitions = await definitionsOf(services, user);
        const inputs = ofWorkflow(() => inputSchema(prompt as Prompt, definitions, block));
        sendJson(response, stringifyJson({ name, declared: block !== undefined, inputs }));
      },
    ),
    route(
      {
        method: "post",
        path: "/run/:name",
        scope: "run",
        tag,
        summary: "Run a saved workflow with values of one's own",
        description: [
          "Answers 202 with the job, as `GET /api/v2/jobs/{id}` has it; with `?wait=30` it waits so many seconds and",
          "answers 200 if the job is over by then, its outputs' URLs included. An `Idempotency-Key` names the job.",
        ].join(" "),
        params: Name,
        query: RunQuery,
        body: { schema: RunBody },
        answers: {
          200: jsonAnswer("The job is over; `status` says how", V2Job),
          202: jsonAnswer("The job is kept; `urls` lead on", V2Job),
          400: answer("`invalid_inputs`: what is wrong with each, and the names that there are; or it cannot run"),
          404: answer("There is no such workflow; the answer names those that there are"),
          409: answer("The Idempotency-Key stands for another run"),
          429: answer("The queue is full; `Retry-After` says when to try again"),
        },
      },
      textBody,
      async (request, response) => {
        const user = userOf(request);
        const workflow = await savedWorkflow(services, request, request.params.name).catch(refused);
        const { inputs, seed, webhook, client_id, front, number } = readBody(recordBody(request));
        const { wait } = parsed(RunQuery, request.query);
        const id = idOf(request, user);
        const { job } = await submit(
          {
            source: workflow.source,
            extra: workflow.extra,
            user,
            ...(id !== undefined && { id }),
            ...(client_id !== undefined && { client: client_id }),
            ...(front !== undefined && { front }),
            ...(number !== undefined && { number }),
            webhooks: webhooksFor(webhook, originOf(request), services.webhookPolicy),
            change: async (prompt) => {
              const definitions = await definitionsOf(services, user);
              const filled = ofWorkflow(() => fillIn(prompt, definitions, inputs, workflow.block));
              if ("wrong" in filled) throw invalidInputs(filled.wrong);
              if (seed === undefined) return filled.prompt;
              const value = seed === "random" ? randomSeed(id) : BigInt(seed);
              const seeded = withSeed(filled.prompt, definitions, value);
              if (seeded) return seeded;
              throw invalidInputs({ seed: "no node of this workflow has a seed of its own" });
            },
          },
          services,
        );
        await waitForEnd(job.id, 1000 * wait, response, services);
        const now = await records.get(job.id);
        if (!now) throw new HttpProblem(404, "not_found", "The job was removed meanwhile");
        const snapshot = await snapshotOf(now, originOf(request), services);
        response.status(isOver(snapshot) ? 200 : 202);
        sendJson(response, stringifyJson(snapshot));
      },
    ),
  ];
}

/** A seed that is another each time; a request that is sent again under its key has the same. */
function randomSeed(id: string | undefined): bigint {
  const bytes = id === undefined ? randomBytes(8) : createHash("sha256").update(`seed ${id}`).digest();
  return bytes.readBigUInt64BE();
}

const refused = (error: unknown): never => {
  throw asRefusal(error) ?? error;
};

function parsed<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  try {
    return schema.parse(value);
  } catch (error) {
    return refused(error);
  }
}

/** Reads a body. A value beside `inputs` is a slip that is worth a word. */
function readBody(body: Readonly<Record<string, unknown>>): z.infer<typeof RunBody> {
  const [stray] = Object.keys(body).filter((key) => !Object.hasOwn(RunBody.shape, key));
  if (stray === undefined) return parsed(RunBody, body);
  throw new HttpProblem(400, "invalid_request", `${JSON.stringify(stray.slice(0, 200))} is not known here`, {
    details: `the workflow's values stand under "inputs"; beside it there may be ${Object.keys(RunBody.shape).slice(1).join(", ")}`,
  });
}

const invalidInputs = (wrong: Readonly<Record<string, string>>): HttpProblem =>
  new HttpProblem(400, "invalid_inputs", "Some inputs of the workflow cannot be used", {
    details: Object.entries(wrong)
      .map(([name, reason]) => `${name}: ${reason}`)
      .join("\n"),
    extra_info: { inputs: wrong },
  });

/** What is wrong with the workflow itself, as an answer. */
function ofWorkflow<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw new HttpProblem(400, "invalid_workflow", "The workflow's inputs cannot be used", {
      details: messageOf(cause),
      cause,
    });
  }
}
