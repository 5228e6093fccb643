import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Definitions } from "@mezzotint/engine";
import type { Request } from "express";
import { z } from "zod";
import { type ObjectInfo, objectInfo } from "../protocol/object-info.js";
import { definitionsOf } from "./definitions.js";
import { answer, jsonAnswer, type Route, route } from "./operation.js";
import { sendJson } from "./send-json.js";
import type { Services } from "./services.js";

/** Milliseconds that an answer may wait to hear which files came and went; a worker that is busy is not waited for. */
const PATIENCE = 8;

const Nodes = z.record(z.string(), z.looseObject({})).describe("Inputs, outputs and texts, by class");

/** `/object_info`: every node, in the form that editors read. */
export function objectInfoRoutes(services: Pick<Services, "pool" | "userOf">): readonly Route[] {
  /** Files may have changed since a worker was last asked; what it says late is there for the next request. */
  async function current(request: Request): Promise<ObjectInfo> {
    const user = services.userOf(request);
    const known = await definitionsOf(services, user);
    const fresh = services.pool.definitions(user, true).catch((): Definitions => known);
    return objectInfo(await Promise.race([fresh, sleep(PATIENCE, known)]));
  }
  return [
    route(
      {
        method: "get",
        path: "/object_info",
        scope: "read",
        tag: "Nodes and models",
        summary: "Every node",
        answers: { 200: jsonAnswer("The nodes", Nodes), 304: answer("As the `If-None-Match` has it") },
      },
      async (request, response) => {
        const { all } = await current(request);
        if (request.headers["if-none-match"] === etagOf(all)) response.status(304).end();
        else sendJson(response.set("ETag", etagOf(all)).set("Cache-Control", "no-cache"), all);
      },
    ),
    route(
      {
        method: "get",
        path: "/object_info/:class",
        scope: "read",
        tag: "Nodes and models",
        summary: "One node",
        params: z.object({ class: z.string() }),
        answers: { 200: jsonAnswer("The node under its class; empty when there is none", Nodes) },
      },
      async (request, response) => sendJson(response, (await current(request)).of(request.params.class)),
    ),
  ];
}

let tagged: { readonly text: string; readonly tag: string } | undefined;

/** Editors ask for a megabyte at each start, and mostly have it. Made once for a text. */
function etagOf(text: string): string {
  if (tagged?.text !== text) tagged = { text, tag: `"${createHash("sha256").update(text).digest("base64url")}"` };
  return tagged.tag;
}
