import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { Request } from "express";
import { z } from "zod";
import type { Asset } from "../../assets/asset.js";
import { blake3OfFile } from "../../assets/blake3.js";
import { recordBody } from "../../security/body.js";
import { guardedFetch } from "../../security/fetch/guarded-fetch.js";
import { FetchRefused } from "../../security/fetch/refused.js";
import { HttpProblem } from "../../security/problem.js";
import { MAX_UPLOAD, receiveForm } from "../files/multipart.js";
import { Refusal } from "../files/refusal.js";
import { discard, type Staged, stage } from "../files/stage.js";
import type { Services } from "../services.js";
import { idFromKey } from "../submission.js";
import { keyFor } from "../submit.js";
import { arrivals, keepStaged, type Labels } from "./asset-files.js";

const MediaType = z
  .string()
  .max(100)
  .regex(/^[\w.+-]+\/[\w.+-]+$/, "it is a media type such as image/png");
const Name = z.string().min(1).max(1024);
const Tags = z.array(z.string().min(1).max(100)).max(50);

/** A form that brings an asset; the file is in `file`. */
export const UploadForm = z.object({
  file: z.string().optional().describe("The bytes"),
  content_type: MediaType.optional(),
  file_path: Name.optional().describe(
    "A name for people. It chooses no place here: model folders cannot be written to",
  ),
  expected_hash: z.string().max(100).optional().describe("`blake3:<hex>`: refused if the bytes have another"),
  tags: Tags.default([]),
  expires_in: z.string().optional().describe("Not used: assets stay until they are deleted"),
});

/** Where an asset is to be fetched from. Ours. */
export const UploadUrl = z.strictObject({
  url: z.string().max(2048),
  content_type: MediaType.optional(),
  file_path: Name.optional(),
  expected_hash: z.string().max(100).optional(),
  tags: Tags.default([]),
});

/** Milliseconds that a server may take to send an asset. */
const FETCH_TIME = 60_000;

interface Received {
  readonly staged: Staged;
  readonly labels: Labels;
  readonly expected?: string | undefined;
}

/** Receives an asset, by a form or from a URL, and keeps it. Throws what is wrong with it; then nothing is kept. */
export async function receiveAsset(
  request: Request,
  services: Services,
): Promise<{ readonly asset: Asset; readonly created: boolean }> {
  const user = services.userOf(request);
  const key = keyFor(request);
  const id = key === undefined ? randomUUID() : idFromKey(user, `asset ${key}`);
  const folder = await arrivals(services, user);
  const { staged, labels, expected } = request.is("json")
    ? await fromUrl(request, folder, services)
    : await fromForm(request, folder);
  try {
    const hash = await blake3OfFile(staged.path);
    if (expected !== undefined && expected !== `blake3:${hash}`)
      throw new HttpProblem(409, "hash_mismatch", "The bytes have another hash", {
        details: `theirs is blake3:${hash}`,
      });
    const known = services.assets.get(id);
    if (known?.hash === hash && known.name === labels.name) return { asset: known, created: false };
    if (known) throw new HttpProblem(422, "idempotency_key_reuse", "This Idempotency-Key was used for another asset");
    return await keepStaged(staged, { id, user, hash }, labels, services);
  } finally {
    await discard(staged);
  }
}

async function fromForm(request: Request, folder: string): Promise<Received> {
  const { fields, repeated, name, file } = await receiveForm(request, folder, { field: "file" });
  try {
    const tags = (repeated.get("tags") ?? []).flatMap((text) => (text === "" ? [] : text.split(",")));
    const read = UploadForm.parse({ ...Object.fromEntries(fields), tags });
    const labels = { name: read.file_path ?? basename(name), type: read.content_type, tags: read.tags };
    return { staged: file, labels, expected: read.expected_hash };
  } catch (error) {
    await discard(file);
    throw error;
  }
}

async function fromUrl(request: Request, folder: string, { webhookPolicy }: Services): Promise<Received> {
  const { url, content_type, file_path, tags, expected_hash: expected } = UploadUrl.parse(recordBody(request));
  try {
    const options = { timeout: FETCH_TIME, limit: MAX_UPLOAD, redirects: 5 };
    const fetched = await guardedFetch(url, options, { privateToo: webhookPolicy.privateToo });
    if (fetched.status !== 200) {
      fetched.body.destroy();
      throw new FetchRefused("connection", `the server answered ${fetched.status}`);
    }
    const staged = await stage(folder, fetched.body, MAX_UPLOAD);
    const name = file_path ?? (basename(decodeURIComponent(fetched.url.pathname)) || "asset");
    const said = fetched.headers["content-type"]?.split(";")[0]?.trim();
    const type = content_type ?? (MediaType.safeParse(said).success ? said : undefined);
    return { staged, labels: { name: name.slice(0, 1024), type, tags }, expected };
  } catch (error) {
    if (error instanceof FetchRefused)
      throw new HttpProblem(422, "url_refused", "The URL cannot be fetched", { details: error.message });
    if (error instanceof URIError) throw new Refusal(400, "the URL's path is not UTF-8");
    throw error;
  }
}
