import { createHash } from "node:crypto";
import { posix } from "node:path";
import { parseJson } from "@mezzotint/engine";
import type { Asset } from "../../assets/asset.js";
import type { Outcome } from "../../jobs/job.js";
import { placesOfUser } from "../../places.js";
import { isRecord } from "../../security/body.js";
import { uuidOf } from "../../uuid.js";
import { FileReference, locate } from "../files/file-reference.js";
import { fileIn } from "../files/names.js";
import type { Services } from "../services.js";
import { kindOf, mediaTypeOf, type OutputKind } from "./media-type.js";

/** Something that a job made, as an asset of its user. */
export interface JobOutput {
  readonly asset: Asset;
  readonly kind: OutputKind;
}

/** Texts are kept to this length. */
const LONGEST_TEXT = 1_000_000;
/** A job may show hundreds of thousands of things; so many become assets. */
const MOST = 10_000;

interface Item {
  readonly node: string;
  readonly shownAs: string;
  readonly index: number;
  readonly value: unknown;
}

/** What was shown, in ComfyUI's words: `{"9": {"images": [{filename, subfolder, type}]}}`. */
type Shown = string | Outcome["outputs"];

function* itemsOf(shown: Shown): Generator<Item> {
  const nodes = (typeof shown === "string" ? parseJson(shown) : shown) as Outcome["outputs"];
  for (const [node, ui] of Object.entries(nodes))
    for (const [shownAs, values] of Object.entries(ui)) {
      // `animated` says how pictures are to be shown; it is none.
      if (shownAs === "animated" || !Array.isArray(values)) continue;
      for (const [index, value] of values.entries()) yield { node, shownAs, index, value };
    }
}

interface Owner {
  readonly id: string;
  readonly user: string;
  readonly createdAt: number;
}

/** An output whose size is not known yet. The same output has the same id whenever it is looked at. */
function draftOf({ id: job, user, createdAt }: Owner, { node, shownAs, index, value }: Item): JobOutput | undefined {
  const drafted = (name: string, type: string, bytes: number, place: Asset["place"]): JobOutput => {
    const identity = ["output", job, node, shownAs, index, name, place];
    const hash = createHash("sha256").update(JSON.stringify(identity)).digest();
    const asset = {
      id: uuidOf(hash),
      user,
      bytes,
      type,
      name,
      tags: ["output"],
      createdAt,
      place,
      source: { job, node },
    };
    return { asset, kind: kindOf(shownAs, type) };
  };
  if (typeof value === "string") {
    if (shownAs !== "text" || value.length > LONGEST_TEXT) return undefined;
    const name = `${shownAs}_${index}.txt`;
    return drafted(name, "text/plain", Buffer.byteLength(value), { folder: "text", text: value });
  }
  if (!isRecord(value)) return undefined;
  const read = FileReference.safeParse(value);
  if (!read.success) return undefined;
  const { filename, subfolder, type: folder } = read.data;
  return drafted(filename, mediaTypeOf(filename), 0, { folder, file: posix.join(subfolder, filename) });
}

/**
 * What a job made up to now, as assets of its user. Assets are made when somebody first looks: a queue that nobody asks
 * about this way pays nothing for them.
 */
export async function outputsOf(
  owner: Owner,
  shown: Shown,
  { assets, places }: Pick<Services, "assets" | "places">,
): Promise<readonly JobOutput[]> {
  const drafts: JobOutput[] = [];
  for (const item of itemsOf(shown)) {
    if (drafts.length >= MOST) break;
    const draft = draftOf(owner, item);
    if (draft) drafts.push(draft);
  }
  if (drafts.length === 0) return drafts;
  const known = new Map(assets.some(drafts.map(({ asset }) => asset.id)).map((asset) => [asset.id, asset]));
  const outputs: JobOutput[] = [];
  const made: Asset[] = [];
  for (const { asset, kind } of drafts) {
    const kept = known.get(asset.id) ?? (await measured(asset, places));
    if (!known.has(asset.id)) made.push(kept);
    outputs.push({ asset: kept, kind });
  }
  if (made.length > 0) await assets.add(made);
  return outputs;
}

/** An asset with the size of its file; 0 if that is gone. */
async function measured(asset: Asset, places: Services["places"]): Promise<Asset> {
  const { place } = asset;
  if (place.folder === "text") return asset;
  try {
    const { roots, path } = await locate(placesOfUser(places, asset.user), {
      filename: place.file,
      subfolder: "",
      type: place.folder,
    });
    return { ...asset, bytes: (await fileIn(roots, path)).stats.size };
  } catch {
    return asset;
  }
}
