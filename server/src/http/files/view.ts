import { basename, parse } from "node:path";
import type { RequestHandler, Response } from "express";
import { z } from "zod";
import { core } from "../../builtin.js";
import { FileReference, locate, placesFor } from "./file-reference.js";
import { type Found, fileIn } from "./names.js";
import { pictureWork, VIEW_LIMITS } from "./picture-work.js";
import { readHead, readWhole } from "./read-file.js";
import type { FileServices } from "./routes.js";
import { isKnown, present, sendFound, versionOf } from "./serve.js";

/** What `GET /view` is asked: a file, and perhaps a copy of it that is lighter or lacks channels. */
export const ViewQuery = FileReference.extend({
  /** `webp;90`, `jpeg`, …: a copy in that format and quality. */
  preview: z.string().max(100).optional(),
  /** `rgb`: without alpha; `a`: alpha alone; anything else: as it is. */
  channel: z.string().max(100).optional(),
});

/** The copy that is asked for, by ComfyUI's rules: a format that is unknown, or lacks a channel asked for, is WebP. */
function copyAsked({ preview, channel = "" }: z.infer<typeof ViewQuery>) {
  if (preview === undefined)
    return channel === "rgb" || channel === "a" ? ({ format: "png", channels: channel } as const) : undefined;
  const parts = preview.split(";");
  const digits = /^\d+$/.exec(parts.at(-1) as string)?.[0];
  const quality = Math.min(Math.max(Number(digits ?? 90), 1), 100);
  const jpeg = parts[0] === "jpeg" && !channel.includes("a");
  return { format: jpeg ? "jpeg" : "webp", channels: jpeg || channel === "rgb" ? "rgb" : "rgba", quality } as const;
}

/** Pictures are shown; anything else, whatever its name says, is a download without a type. */
export async function sendAsIs(response: Response, found: Found, name: string): Promise<void> {
  const { pictureType } = await core();
  const type = pictureType(await readHead(found.path, 16));
  await sendFound(
    response,
    found,
    type === undefined
      ? { type: "application/octet-stream", disposition: "attachment", name }
      : { type, disposition: "inline", name },
  );
}

/** `GET /view`: a file of the input, output or temp folder. */
export const view =
  (services: FileServices): RequestHandler =>
  async (request, response) => {
    const asked = ViewQuery.parse(request.query);
    const { roots, path } = await locate(placesFor(services, request), asked);
    const found = await fileIn(roots, path);
    const name = basename(path);
    const copy = copyAsked(asked);
    if (copy === undefined) return sendAsIs(response, found, name);

    if (isKnown(request, response, versionOf(found.stats, ...Object.values(copy)))) return;
    const { transcode } = await core();
    const bytes = await pictureWork(async () =>
      response.destroyed
        ? Buffer.alloc(0)
        : transcode(await readWhole(found.path, VIEW_LIMITS.bytes), copy, { name, limits: VIEW_LIMITS }),
    );
    const shown = `${parse(name).name}.${copy.format}`;
    present(response, { type: `image/${copy.format}`, disposition: "inline", name: shown });
    response.end(bytes);
  };
