import type { NodeDefinition, RunEvent } from "@mezzotint/engine";
import type { Frame } from "@mezzotint/engine/process";
import { z } from "zod";
import type { FromWorker } from "./messages.js";
import { parsePart } from "./wire.js";

const which = { job: z.string(), attempt: z.int() };
const place = { node: z.string(), display: z.string(), parent: z.string().exactOptional() };
const shown = z.record(z.string(), z.array(z.unknown())).exactOptional();

const event = z.discriminatedUnion("type", [
  z.object({ type: z.literal("recalled"), nodes: z.array(z.string()) }),
  z.object({ type: z.literal("cached"), ...place, shown }),
  z.object({ type: z.literal("started"), ...place }),
  z.object({ type: z.literal("progress"), ...place, done: z.number(), total: z.number() }),
  z.object({
    type: z.literal("preview"),
    ...place,
    preview: z.object({
      mime: z.enum(["image/jpeg", "image/png", "image/webp"]),
      delivered: z.literal(true).exactOptional(),
    }),
  }),
  z.object({ type: z.literal("finished"), ...place, shown }),
  z.object({ type: z.literal("blocked"), ...place, message: z.string().exactOptional() }),
]);

const ended = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("succeeded") }),
  z.object({ outcome: z.literal("interrupted") }),
  z.object({
    outcome: z.literal("failed"),
    message: z.string(),
    type: z.string(),
    stack: z.array(z.string()),
    node: z.string().exactOptional(),
    display: z.string().exactOptional(),
    classType: z.string().exactOptional(),
    hostDied: z.boolean().exactOptional(),
  }),
]);

const problem = z.object({
  type: z.string(),
  message: z.string(),
  details: z.string(),
  extra_info: z.record(z.string(), z.unknown()),
});
const blamed = z.object({
  errors: z.array(problem),
  dependent_outputs: z.array(z.string()),
  class_type: z.string(),
});
const checked = z.object({
  error: problem.exactOptional(),
  node_errors: z.record(z.string(), blamed),
  targets: z.array(z.string()),
});

const message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("host-wanted") }),
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("unusable"), reason: z.string() }),
  z.object({ type: z.literal("events"), ...which, events: z.array(event) }),
  z.object({ type: z.literal("ended"), ...which, ended }),
  z.object({ type: z.literal("checked"), id: z.int(), result: checked.exactOptional() }),
  z.object({ type: z.literal("described"), id: z.int() }),
]);

/** What the server relies on at once; the rest of a definition is the packs' own affair. */
const definitions = z.array(
  z.looseObject({
    id: z.string(),
    category: z.string(),
    doc: z.string(),
    inputs: z.record(z.string(), z.looseObject({ type: z.string() })),
    outputs: z.record(z.string(), z.looseObject({ type: z.string() })),
  }),
);

/** Reads what a worker said: it runs the code of packs, so nothing is taken on trust. Throws when it makes no sense. */
export function fromWorker(frame: Frame<unknown>): FromWorker {
  const told = message.parse(frame.message);
  switch (told.type) {
    case "ready":
    case "described": {
      const parsed = definitions.parse(parsePart(frame.parts[0])) as unknown as readonly NodeDefinition[];
      return { ...told, definitions: parsed };
    }
    case "events": {
      let next = 0;
      const events = told.events.map((one): RunEvent => {
        if (one.type !== "preview") return one;
        const bytes = frame.parts[next++];
        if (!bytes) throw new Error("a preview lacks its bytes");
        return { ...one, preview: { ...one.preview, bytes } };
      });
      return { ...told, events };
    }
    case "checked":
      return told as FromWorker;
    default:
      return told;
  }
}
