import type { Prompt } from "@mezzotint/engine";
import { z } from "zod";
import type { Assets } from "../../assets/asset.js";
import { isRecord } from "../../security/body.js";
import { HttpProblem } from "../../security/problem.js";
import { isCall } from "../../workflows/node-inputs.js";

/** Where Comfy API v2 has an asset stand for a file's name. `id` decides; the rest are hints. */
const Reference = z.object({ __type: z.literal("core/ASSET"), info: z.object({ id: z.string().max(128) }) });

/** A prompt whose assets are named as nodes know files. Throws 422 `missing_asset` for what is not the user's. */
export async function withAssets(prompt: Prompt, user: string, assets: Pick<Assets, "get">): Promise<Prompt> {
  const replaced = Object.entries(prompt).map(([id, node]) => {
    if (!isCall(node)) return [id, node];
    const inputs = Object.entries(node.inputs).map(([name, value]) => [name, named(value, user, assets, id)]);
    return [id, { ...node, inputs: Object.fromEntries(inputs) }];
  });
  return Object.fromEntries(replaced) as Prompt;
}

function named(value: unknown, user: string, assets: Pick<Assets, "get">, node: string): unknown {
  if (!isRecord(value) || value.__type !== "core/ASSET") return value;
  const read = Reference.safeParse(value);
  const asset = read.success ? assets.get(read.data.info.id) : undefined;
  if (asset?.user !== user)
    throw new HttpProblem(422, "missing_asset", `Node ${node} names an asset that is not there`, {
      details: "upload it by POST /api/v2/assets first",
    });
  const { place } = asset;
  if (place.folder === "text") return place.text;
  return place.folder === "input" ? place.file : `${place.file} [${place.folder}]`;
}
