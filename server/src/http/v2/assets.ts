import { basename } from "node:path";
import type { Request, RequestHandler } from "express";
import { z } from "zod";
import type { Asset } from "../../assets/asset.js";
import { parseHash } from "../../assets/blake3.js";
import { recordBody, textBody } from "../../security/body.js";
import { HttpProblem } from "../../security/problem.js";
import { present } from "../files/serve.js";
import { sendAsIs } from "../files/view.js";
import { answer, jsonAnswer, type Route, route } from "../operation.js";
import { originOf } from "../origin-of.js";
import { Page } from "../paging.js";
import type { Services } from "../services.js";
import { fileOf, gone, hashed, removeFile, uploadOf } from "./asset-files.js";
import { receiveAsset, UploadForm, UploadUrl } from "./asset-upload.js";
import { V2Asset, V2Pagination, V2Problem } from "./bodies.js";
import { outputsOf } from "./job-outputs.js";
import { notFound, v2 } from "./refusals.js";
import { assetView } from "./views.js";

const tag = "Comfy API v2: assets";
const Id = z.object({ id: z.string() });
const Hash = z.object({ hash: z.string().describe("`blake3:<hex>`") });
const refused = (description: string) => ({ description, content: { schema: V2Problem } });

const FromHash = z.strictObject({
  hash: z.string(),
  file_path: z.string().min(1).max(1024).optional(),
  tags: z.array(z.string().max(100)).max(50).optional(),
  expires_in: z.number().optional().describe("Not used: assets stay until they are deleted"),
});
const ListQuery = Page.extend({
  job_id: z.string().max(128).optional().describe("Only what this job made"),
  hash: z.string().max(100).optional().describe("`blake3:<hex>`: only these bytes, as far as hashes are known"),
  tag: z.string().max(100).optional().describe("`input` or `output`, or what was given with an upload"),
});

/** JSON is read as a text; forms are streamed. */
const maybeText: RequestHandler = (request, response, next) =>
  request.is("json") ? textBody(request, response, next) : next();

/** Comfy API v2's assets (https://docs.comfy.org, openapi-v2.yaml), under `/api` alone. */
export function v2AssetRoutes(services: Services): readonly Route[] {
  const { assets, records, userOf } = services;

  const find = (request: Request<{ id: string }>): Asset => {
    const asset = assets.get(request.params.id.slice(0, 128));
    if (asset?.user !== userOf(request)) throw notFound("asset");
    return asset;
  };
  const ofHash = (text: string, user: string): Asset => {
    const hash = parseHash(text);
    const [asset] = hash === undefined ? [] : assets.list({ user, hash, limit: 1 });
    if (!asset) throw gone();
    return asset;
  };
  /** Makes the assets of jobs that ended since the last look. */
  const catchUp = async (user: string): Promise<void> => {
    for (let jobs = assets.ended(user); jobs.length > 0; jobs = assets.ended(user)) {
      for (const { id } of jobs) {
        const job = await records.get(id);
        if (job) await outputsOf(job, job.outputs, services);
      }
      await assets.noted(user, jobs.at(-1)!);
    }
  };

  return [
    route(
      {
        method: "post",
        path: "/v2/assets",
        scope: "run",
        tag,
        summary: "Upload an asset",
        description: [
          "A form with the file in `file`; up to 100 MiB. Or, ours, JSON with a `url` on the public internet to fetch it",
          "from. The hash is computed here; the same bytes are stored once. In a workflow,",
          '`{"__type": "core/ASSET", "info": {"id": …}}` stands for the file\'s name.',
        ].join(" "),
        body: { schema: z.union([UploadForm, UploadUrl]), type: "multipart/form-data" },
        answers: {
          201: jsonAnswer("Kept; its bytes are new", V2Asset),
          200: jsonAnswer("Kept; its bytes were here", V2Asset),
          409: refused("`hash_mismatch`: the bytes are not those of `expected_hash`"),
          413: answer("It is too large"),
          415: answer("It says that it is a picture and is none"),
          422: refused("`idempotency_key_reuse`, or `url_refused`: the URL cannot be fetched"),
        },
      },
      maybeText,
      v2(async (request, response) => {
        const { asset, created } = await receiveAsset(request, services);
        response.status(created ? 201 : 200).json(assetView(asset, originOf(request), created));
      }),
    ),
    route(
      {
        method: "get",
        path: "/v2/assets",
        scope: "read",
        tag,
        summary: "List assets, the newest first",
        description: "Uploads, and what jobs made. Comfy's contract has no list: filters and paging are a guess.",
        query: ListQuery,
        answers: {
          200: jsonAnswer("A page", z.object({ assets: z.array(V2Asset), pagination: V2Pagination })),
        },
      },
      v2(async (request, response) => {
        const { offset, limit, job_id: job, hash: text, tag: label } = ListQuery.parse(request.query);
        const hash = text === undefined ? undefined : (parseHash(text) ?? "none");
        const user = userOf(request);
        await catchUp(user);
        const filter = { user, ...(job && { job }), ...(hash && { hash }), ...(label && { tag: label }) };
        const page = assets.list({ ...filter, offset, limit });
        const total = assets.count(filter);
        const pagination = { offset, limit, total, has_more: offset + page.length < total };
        response.json({ assets: page.map((asset) => assetView(asset, originOf(request))), pagination });
      }),
    ),
    route(
      {
        method: "post",
        path: "/v2/assets/from-hash",
        scope: "run",
        tag,
        summary: "Make an asset of bytes that are here already",
        body: { schema: FromHash },
        answers: {
          201: jsonAnswer("Made", V2Asset),
          200: jsonAnswer("The same asset was there", V2Asset),
          404: refused("`blob_not_found`: the user has no such bytes here"),
        },
      },
      textBody,
      v2(async (request, response) => {
        const user = userOf(request);
        const { hash, file_path, tags } = FromHash.parse(recordBody(request));
        const from = ofHash(hash, user);
        const labels = { name: file_path ?? from.name, tags: tags ?? [] };
        const same = assets
          .list({ user, hash: from.hash! })
          .find(({ name, tags: has, source }) => !source && name === labels.name && `${has}` === `${labels.tags}`);
        const asset = same ?? (await uploadOf(from, labels, services));
        response.status(same ? 200 : 201).json(assetView(asset, originOf(request), false));
      }),
    ),
    route(
      {
        method: "get",
        path: "/v2/assets/by-hash/:hash",
        scope: "read",
        tag,
        summary: "Whether bytes are here",
        description: "Comfy's contract asks with HEAD; GET, ours, answers with an asset that has them.",
        params: Hash,
        answers: { 200: jsonAnswer("They are", V2Asset), 404: refused("The user has no such bytes here") },
      },
      v2(async (request, response) => {
        response.json(assetView(ofHash(request.params.hash, userOf(request)), originOf(request)));
      }),
    ),
    route(
      {
        method: "get",
        path: "/v2/assets/:id",
        scope: "read",
        tag,
        summary: "An asset",
        params: Id,
        answers: { 200: jsonAnswer("The asset", V2Asset) },
      },
      v2(async (request, response) => {
        response.json(assetView(await hashed(find(request), services), originOf(request)));
      }),
    ),
    route(
      {
        method: "get",
        path: "/v2/assets/:id/content",
        scope: "read",
        tag,
        summary: "An asset's bytes",
        description: "Pictures are shown; all else is a download. Ranges are answered.",
        params: Id,
        answers: {
          200: { description: "The bytes", content: { schema: z.string(), type: "application/octet-stream" } },
          206: answer("A part of them"),
          416: answer("There is no such part"),
        },
      },
      v2(async (request, response) => {
        const asset = find(request);
        const name = basename(asset.name);
        if (asset.place.folder === "text") {
          present(response, { type: "text/plain; charset=utf-8", disposition: "inline", name });
          response.end(asset.place.text);
          return;
        }
        await sendAsIs(response, await fileOf(asset, services), name);
      }),
    ),
    route(
      {
        method: "delete",
        path: "/v2/assets/:id",
        scope: "run",
        tag,
        summary: "Delete an asset",
        description: "Bytes that another asset has too stay. What a job made goes with the job, not alone.",
        params: Id,
        answers: { 204: answer("It is gone"), 409: refused("`asset_in_use`: a job made it") },
      },
      v2(async (request, response) => {
        const asset = find(request);
        if (asset.source)
          throw new HttpProblem(409, "asset_in_use", "A job made this asset", {
            details: "remove the job from the history, and its assets go with it",
          });
        const { removed, unused } = await assets.remove(asset.id);
        if (!removed) throw notFound("asset");
        if (unused !== undefined) await removeFile(unused, asset.user, services);
        response.status(204).end();
      }),
    ),
  ];
}
