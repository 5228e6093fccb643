import { statSync } from "node:fs";
import { z } from "zod";
import { core } from "../builtin.js";
import { HttpProblem } from "../security/problem.js";
import { type Answer, answer, jsonAnswer, type Route, route } from "./operation.js";
import type { Services } from "./services.js";

const Names = z.array(z.string());
const Kind = z.object({ folder: z.string().describe("`checkpoints`, `vae`, …") });
const KindFolders = z.array(z.object({ name: z.string(), folders: z.array(z.string()) }));
const FolderPaths = z.record(z.string(), z.array(z.string()));
const Entries = z.array(
  z.object({
    name: z.string(),
    pathIndex: z.int(),
    size: z.int().describe("Bytes"),
    modified: z.number().describe("Seconds since 1970"),
    created: z.number(),
  }),
);

const found = (description: string, schema: z.ZodType): Readonly<Record<number, Answer>> => ({
  200: jsonAnswer(description, schema),
  404: answer("There is no such kind"),
});

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
export function modelRoutes({ folders }: Pick<Services, "folders">): readonly Route[] {
  const kinds = async () => (await core()).MODEL_KINDS;
  const named = async (kind: string): Promise<string> => {
    const real = (await core()).kindName(kind);
    if ((await kinds()).includes(real)) return real;
    throw new HttpProblem(404, "not_found", "There is no such kind of models", { details: (await kinds()).join(", ") });
  };
  const list = async (kind: string) => folders.models(await named(kind));
  const about = { method: "get", scope: "read", tag: "Nodes and models" } as const;
  return [
    route(
      { ...about, path: "/models", summary: "Kinds of models", answers: { 200: jsonAnswer("The kinds", Names) } },
      async (_request, response) => void response.json(await kinds()),
    ),
    route(
      {
        ...about,
        path: "/models/:folder",
        summary: "Models of a kind",
        params: Kind,
        answers: found("Their names", Names),
      },
      async ({ params }, response) => void response.json(await list(params.folder)),
    ),
    route(
      {
        ...about,
        path: "/embeddings",
        summary: "Textual inversions",
        answers: { 200: jsonAnswer("Their names", Names) },
      },
      async (_request, response) => {
        const names = await list("embeddings");
        response.json(names.map((name) => name.replace(/\.[^./]+$/, "")));
      },
    ),
    route(
      {
        ...about,
        path: "/experiment/models",
        summary: "Kinds of models and their folders",
        answers: { 200: jsonAnswer("The kinds", KindFolders) },
      },
      async (_request, response) => {
        response.json((await kinds()).map((name) => ({ name, folders: [`models/${name}`] })));
      },
    ),
    route(
      {
        ...about,
        path: "/experiment/models/:folder",
        summary: "Models of a kind, with sizes and dates",
        params: Kind,
        answers: found("The models", Entries),
      },
      async ({ params: { folder } }, response) => {
        const names = await list(folder);
        const kind = await named(folder);
        response.json(names.flatMap((name) => entry(folders, kind, name)));
      },
    ),
    route(
      {
        ...about,
        path: "/internal/folder_paths",
        summary: "Folders of each kind of models",
        answers: { 200: jsonAnswer("The folders", FolderPaths) },
      },
      async (_request, response) => {
        response.json(Object.fromEntries((await kinds()).map((kind) => [kind, [`models/${kind}`]])));
      },
    ),
  ];
}
