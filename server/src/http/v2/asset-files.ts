import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { extname } from "node:path";
import type { Asset } from "../../assets/asset.js";
import { blake3OfFile, blake3OfText } from "../../assets/blake3.js";
import { core } from "../../builtin.js";
import { placesOfUser } from "../../places.js";
import { HttpProblem } from "../../security/problem.js";
import { locate } from "../files/file-reference.js";
import { MAX_UPLOAD } from "../files/multipart.js";
import { type Found, fileIn, placeIn } from "../files/names.js";
import { readHead } from "../files/read-file.js";
import { Refusal } from "../files/refusal.js";
import { claim, discard, type Staged, stage } from "../files/stage.js";
import type { Services } from "../services.js";

type FileServices = Pick<Services, "assets" | "places">;

/** What a user says of an asset. */
export interface Labels {
  /** A name for people; it chooses no place. */
  readonly name: string;
  readonly type?: string | undefined;
  readonly tags: readonly string[];
}

/** Uploads lie in the input folder, where nodes read them, in a folder that is not listed: names are not to be guessed. */
const FOLDER = ".assets";

/** The folder in which assets arrive. */
export async function arrivals({ places }: Pick<Services, "places">, user: string): Promise<string> {
  const [folder] = placesOfUser(places, user).inputs;
  if (folder === undefined) throw new Refusal(409, "there is no input folder");
  await (await core()).makeFolder(folder);
  return folder;
}

/** The file of an asset. Throws a `Refusal` (404) when it is gone. */
export async function fileOf({ place, user }: Asset, { places }: Pick<Services, "places">): Promise<Found> {
  if (place.folder === "text") throw new Error("a text has no file");
  const { roots, path } = await locate(placesOfUser(places, user), {
    filename: place.file,
    subfolder: "",
    type: place.folder,
  });
  return fileIn(roots, path);
}

/** An asset with its hash, computed when somebody first asks. Without one when its file is gone. */
export async function hashed(asset: Asset, services: FileServices): Promise<Asset> {
  if (asset.hash !== undefined) return asset;
  const hash = await hashOf(asset, services).catch(() => undefined);
  if (hash === undefined) return asset;
  await services.assets.setHash(asset.id, hash);
  return { ...asset, hash };
}

const hashOf = async (asset: Asset, services: FileServices): Promise<string> =>
  asset.place.folder === "text" ? blake3OfText(asset.place.text) : blake3OfFile((await fileOf(asset, services)).path);

/** Keeps what has arrived. The same bytes of the same user are kept once. Throws what is wrong with them. */
export async function keepStaged(
  staged: Staged,
  { id, user, hash }: { readonly id: string; readonly user: string; readonly hash: string },
  labels: Labels,
  services: FileServices,
): Promise<{ readonly asset: Asset; readonly created: boolean }> {
  const type = await typeOf(staged, labels);
  const known = await keptBytes(user, hash, services);
  const file = known ?? (await store(staged, type, { name: labels.name, user }, services));
  const asset: Asset = {
    id,
    user,
    hash,
    bytes: staged.bytes,
    type,
    name: labels.name,
    tags: labels.tags,
    createdAt: Date.now(),
    place: { folder: "input", file },
  };
  await services.assets.add([asset]);
  return { asset, created: known === undefined };
}

/** The bytes of an asset as an upload of the same user: job outputs are copied, for their files may change. */
export async function uploadOf(asset: Asset, labels: Labels, services: FileServices): Promise<Asset> {
  const { user, hash = "" } = asset;
  const id = randomUUID();
  if (asset.place.folder === "text") {
    const { source: _, ...rest } = asset;
    const text: Asset = { ...rest, id, name: labels.name, tags: labels.tags, createdAt: Date.now() };
    await services.assets.add([text]);
    return text;
  }
  const { path } = await fileOf(asset, services);
  const staged = await stage(await arrivals(services, user), createReadStream(path), MAX_UPLOAD);
  try {
    if ((await blake3OfFile(staged.path)) !== hash) throw gone();
    return (await keepStaged(staged, { id, user, hash }, { ...labels, type: asset.type }, services)).asset;
  } finally {
    await discard(staged);
  }
}

/** Bytes that are not here, or are somebody else's: nobody learns which. */
export const gone = (): HttpProblem =>
  new HttpProblem(404, "blob_not_found", "There are no bytes with this hash", { details: "upload them" });

/** Removes the file of an upload that no asset needs any more. */
export async function removeFile(file: string, user: string, { places }: Pick<Services, "places">): Promise<void> {
  const { roots, path } = await locate(placesOfUser(places, user), { filename: file, subfolder: "", type: "input" });
  await rm((await fileIn(roots, path)).path, { force: true });
}

/** The file that holds a user's bytes already, if it is still there. */
async function keptBytes(user: string, hash: string, services: FileServices): Promise<string | undefined> {
  for (const asset of services.assets.list({ user, hash })) {
    if (asset.source !== undefined || asset.place.folder !== "input") continue;
    const there = await fileOf(asset, services).catch(() => undefined);
    if (there) return asset.place.file;
  }
  return undefined;
}

/** Pictures are what their beginning says; what says that it is a picture must be one. */
async function typeOf({ path }: Staged, { type = "application/octet-stream" }: Labels): Promise<string> {
  const { pictureType } = await core();
  const sniffed = pictureType(await readHead(path, 16));
  if (sniffed !== undefined) return sniffed;
  if (type.startsWith("image/")) throw new Refusal(415, `the file is no picture that is known here, and not ${type}`);
  return type;
}

async function store(
  staged: Staged,
  type: string,
  { name, user }: { readonly name: string; readonly user: string },
  services: FileServices,
): Promise<string> {
  const extension = type.startsWith("image/") ? `.${type.slice("image/".length)}` : extname(name).toLowerCase();
  const safe = /^\.[a-z0-9]{1,16}$/.test(extension) ? extension : "";
  const file = `${FOLDER}/${randomUUID()}${safe}`;
  const place = await placeIn(await arrivals(services, user), file);
  if (!(await claim(staged, place))) throw new Refusal(409, "the name is taken");
  return file;
}
