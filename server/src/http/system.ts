import { freemem, platform, totalmem } from "node:os";
import { Router } from "express";
import { ownVersion } from "../extensions.js";
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

/** What this server is and how it does: no route here changes anything. */
export function systemRoutes({ features, health }: Pick<Services, "features" | "health">): Router {
  return (
    Router()
      .get("/system_stats", (_request, response) => void response.json(systemStats()))
      .get("/features", (_request, response) => void response.json(features))
      .get("/health", (_request, response) => void response.json({ status: "ok" }))
      .get("/ready", async (_request, response) => {
        const { ready, ...parts } = await health();
        response.status(ready ? 200 : 503).json({ ready, ...parts });
      })
      // What ComfyUI's packs bring to its frontend; ours bring nodes only.
      .get("/extensions", (_request, response) => void response.json([]))
      .get(
        ["/i18n", "/global_subgraphs", "/node_replacements", "/workflow_templates"],
        (_request, response) => void response.json({}),
      )
  );
}
