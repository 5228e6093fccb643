import { dirname, extname, posix } from "node:path";
import { Readable } from "node:stream";
import { parseJson } from "@mezzotint/engine";
import type { Request, RequestHandler } from "express";
import { z } from "zod";
import { core } from "../../builtin.js";
import type { FilePlaces } from "../../places.js";
import { FileReference, FolderType, locate, placesFor, rootsOf } from "./file-reference.js";
import { type Form, receiveForm } from "./multipart.js";
import { fileIn, pathIn, placeIn } from "./names.js";
import { pictureWork, VIEW_LIMITS } from "./picture-work.js";
import { readWhole } from "./read-file.js";
import { Refusal } from "./refusal.js";
import type { FileServices } from "./routes.js";
import { claimOrReuse, discard, replace, type Staged, stage } from "./stage.js";

/** What browsers and nodes take for a picture by its name. A name without an extension is taken too. */
const EXTENSIONS: ReadonlySet<string> = new Set(
  ["", "png", "apng", "jpg", "jpeg", "jfif", "webp", "gif", "tif", "tiff", "avif"].map((name) => name && `.${name}`),
);

/** The fields around the file. */
export const UploadFields = z.object({
  type: FolderType.default("input"),
  subfolder: z.string().max(2048).default(""),
  overwrite: z
    .string()
    .default("")
    .transform((text) => text === "true" || text === "1"),
});

type UploadFields = z.infer<typeof UploadFields>;

/** Where an upload is to lie. Folders before its name, as some browsers send them, count to the sub-folder. */
async function destination(name: string, subfolder: string, extensions: ReadonlySet<string>) {
  const path = await pathIn(subfolder, name);
  const extension = extname(path).toLowerCase();
  if (!extensions.has(extension))
    throw new Refusal(415, `the name of a picture cannot end in ${JSON.stringify(extension)}`);
  return path;
}

/** Gives a staged file its place, and says which in ComfyUI's words. */
async function keep(places: FilePlaces, staged: Staged, path: string, { type, overwrite }: UploadFields) {
  const [root] = rootsOf(places, type);
  if (root === undefined) throw new Refusal(409, `there is no ${type} folder`);
  const place = await placeIn(root, path);
  if (overwrite) await replace(staged, place);
  const name = overwrite ? place.name : await claimOrReuse(staged, place);
  const folder = posix.dirname(path);
  return { name, subfolder: folder === "." ? "" : folder, type };
}

/** Lends a form, and forgets what of it has not been kept. Uploads arrive in the input folder, whatever becomes of them. */
async function withForm<T>(
  services: FileServices,
  request: Request,
  work: (form: Form, places: FilePlaces) => Promise<T>,
): Promise<T> {
  const places = placesFor(services, request);
  const { makeFolder } = await core();
  const [folder] = places.inputs;
  if (folder === undefined) throw new Refusal(409, "there is no input folder");
  await makeFolder(folder);
  const form = await receiveForm(request, folder);
  try {
    return await work(form, places);
  } finally {
    await discard(form.file);
  }
}

/** `POST /upload/image`: a picture, for `LoadImage` and its like. */
export const uploadImage =
  (services: FileServices): RequestHandler =>
  async (request, response) => {
    const kept = await withForm(services, request, async ({ fields, name, file }, places) => {
      const asked = UploadFields.parse(Object.fromEntries(fields));
      const path = await destination(name, asked.subfolder, EXTENSIONS);
      const { checkPicture } = await core();
      await pictureWork(() => checkPicture(file.path, { name }));
      return keep(places, file, path, asked);
    });
    response.json(kept);
  };

/** The `original_ref` field: the picture that a mask was drawn on. */
function originalOf(fields: Form["fields"]) {
  const text = fields.get("original_ref");
  if (text === undefined) throw new Refusal(400, "the form has no original_ref: the picture that the mask is for");
  try {
    return FileReference.parse(parseJson(text, { depth: 10 }));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new Refusal(400, `original_ref is not JSON: ${cause.message}`, { cause });
    throw cause;
  }
}

/** `POST /upload/mask`: the alpha of the upload on a picture that is there, kept as a new PNG with its texts. */
export const uploadMask =
  (services: FileServices): RequestHandler =>
  async (request, response) => {
    const kept = await withForm(services, request, async ({ fields, name, file }, places) => {
      const asked = UploadFields.parse(Object.fromEntries(fields));
      const path = await destination(name, asked.subfolder, new Set([".png"]));
      const original = await locate(places, originalOf(fields));
      const found = await fileIn(original.roots, original.path);
      const { withAlphaOf } = await core();
      const png = await pictureWork(async () =>
        withAlphaOf(
          { bytes: await readWhole(found.path, VIEW_LIMITS.bytes), name: original.path },
          { bytes: await readWhole(file.path, VIEW_LIMITS.bytes), name },
          VIEW_LIMITS,
        ),
      );
      const made = await stage(dirname(file.path), Readable.from([png]), Number.POSITIVE_INFINITY);
      try {
        return await keep(places, made, path, asked);
      } finally {
        await discard(made);
      }
    });
    response.json(kept);
  };
