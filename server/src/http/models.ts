import { statSync } from "node:fs";
import { Router } from "express";
import { core } from "../builtin.js";
import { HttpProblem } from "../security/problem.js";
import type { Services } from "./services.js";

/** The file or folder of a model, with ComfyUI's figures for its browser of models. */
function entry(folders: Services["folders"], kind: string, name: string) {
  try {
    const { size, mtimeMs, birthtimeMs } = statSync(folders.model(kind, name));
    return [{ name, pathIndex: 0, size, modified: mtimeMs / 1000, created: birthtimeMs / 1000 }];
  } catch {
    // Gone since it was listed.
    return [];
  }
}

/** Names of models by kind (`checkpoints`, `loras`, …). Where they lie on the disk is not told. */
export function modelRoutes({ folders }: Pick<Services, "folders">): Router {
  const kinds = async () => (await core()).MODEL_KINDS;
  const named = async (kind: string): Promise<string> => {
    const real = (await core()).kindName(kind);
    if ((await kinds()).includes(real)) return real;
    throw new HttpProblem(404, "not_found", "There is no such kind of models", { details: (await kinds()).join(", ") });
  };
  const list = async (kind: string) => folders.models(await named(kind));
  return Router()
    .get("/models", async (_request, response) => void response.json(await kinds()))
    .get("/models/:folder", async ({ params }, response) => void response.json(await list(params.folder)))
    .get("/embeddings", async (_request, response) => {
      const names = await list("embeddings");
      response.json(names.map((name) => name.replace(/\.[^./]+$/, "")));
    })
    .get("/experiment/models", async (_request, response) => {
      response.json((await kinds()).map((name) => ({ name, folders: [`models/${name}`] })));
    })
    .get("/experiment/models/:folder", async ({ params: { folder } }, response) => {
      const names = await list(folder);
      const kind = await named(folder);
      response.json(names.flatMap((name) => entry(folders, kind, name)));
    })
    .get("/internal/folder_paths", async (_request, response) => {
      response.json(Object.fromEntries((await kinds()).map((kind) => [kind, [`models/${kind}`]])));
    });
}
