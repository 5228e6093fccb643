import { freemem, platform, totalmem } from "node:os";
import { z } from "zod";
import { ownVersion } from "../extensions.js";
import { jsonAnswer, type Route, route } from "./operation.js";
import type { Services } from "./services.js";

/** The version of ComfyUI whose protocol this server speaks; clients ask it before they use newer routes. */
const COMFYUI_VERSION = "0.3.64";

/** What this process may use of the machine: a container's limit counts. */
function memory(): { readonly total: number; readonly free: number } {
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return { total, free: Math.min(freemem(), total) };
}

/** `/system_stats` in ComfyUI's shape. What is Python's there says what stands in its place. */
function systemStats() {
  const { total, free } = memory();
  return {
    system: {
      os: platform() === "win32" ? "nt" : "posix",
      ram_total: total,
      ram_free: free,
      comfyui_version: COMFYUI_VERSION,
      mezzotint_version: ownVersion(),
      python_version: `none (Node ${process.versions.node})`,
      pytorch_version: "none (ONNX Runtime)",
      embedded_python: false,
      argv: ["mezzotint", "serve"],
    },
    devices: [
      {
        name: "cpu",
        type: "cpu",
        index: 0,
        vram_total: total,
        vram_free: free,
        torch_vram_total: 0,
        torch_vram_free: 0,
      },
    ],
  };
}

const Stats = z.object({ system: z.looseObject({}), devices: z.array(z.looseObject({})) });
const Ready = z.object({
  ready: z.boolean(),
  database: z.boolean(),
  disk: z.boolean(),
  workers: z.int(),
  queue: z.object({ queued: z.int(), running: z.int() }),
});

/** What ComfyUI's packs bring to its editor; ours bring nodes only. */
const NOTHING_MORE: readonly (readonly [path: string, summary: string])[] = [
  ["/i18n", "Translations that packs bring: none"],
  ["/global_subgraphs", "Subgraphs that packs bring: none"],
  ["/node_replacements", "Nodes that packs replace: none"],
  ["/workflow_templates", "Templates that packs bring: none"],
];

/** What this server is and how it does: no route here changes anything. */
export function systemRoutes({ features, health }: Pick<Services, "features" | "health">): readonly Route[] {
  const about = { method: "get", scope: "read", tag: "Server" } as const;
  return [
    route(
      {
        ...about,
        path: "/system_stats",
        summary: "Versions, memory, devices",
        answers: { 200: jsonAnswer("The figures", Stats) },
      },
      (_request, response) => void response.json(systemStats()),
    ),
    route(
      {
        ...about,
        path: "/features",
        summary: "What this server can do",
        answers: { 200: jsonAnswer("The features", z.looseObject({})) },
      },
      (_request, response) => void response.json(features),
    ),
    route(
      {
        ...about,
        path: "/health",
        scope: "public",
        summary: "Whether the process answers",
        answers: { 200: jsonAnswer("It does", z.object({ status: z.literal("ok") })) },
      },
      (_request, response) => void response.json({ status: "ok" }),
    ),
    route(
      {
        ...about,
        path: "/ready",
        scope: "public",
        summary: "Whether jobs are taken and run",
        description: "The database can be written, a worker is up, and the queue has room.",
        answers: { 200: jsonAnswer("All is well", Ready), 503: jsonAnswer("What is not", Ready) },
      },
      async (_request, response) => {
        const { ready, ...parts } = await health();
        response.status(ready ? 200 : 503).json({ ready, ...parts });
      },
    ),
    route(
      {
        ...about,
        path: "/extensions",
        summary: "Scripts that packs add to an editor: none",
        answers: { 200: jsonAnswer("None", z.array(z.string())) },
      },
      (_request, response) => void response.json([]),
    ),
    ...NOTHING_MORE.map(([path, summary]) =>
      route(
        { ...about, path, summary, answers: { 200: jsonAnswer("None", z.object({})) } },
        (_request, response) => void response.json({}),
      ),
    ),
  ];
}
