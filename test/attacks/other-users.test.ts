import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { follow } from "../serve/follow.js";
import { type Asking, until } from "../serve/server.js";
import { annAndBob, formOf, picture } from "./people.js";
import { declared, filled, nameOf } from "./routes.js";

/** How bob asks for what is ann's: parts of the path, a query, what he sends. */
interface Reach {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly sent?: Asking;
}

/** Routes that tell nothing of anybody: bob gets what ann gets. */
const OF_NOBODY: ReadonlySet<string> = new Set([
  "get /api/metrics",
  "get /api/openapi.json",
  "get /api/docs",
  "get /api/features",
  "get /api/health",
  "get /api/ready",
  "get /api/system_stats",
  "get /api/extensions",
  "get /api/i18n",
  "get /api/global_subgraphs",
  "get /api/node_replacements",
  "get /api/workflow_templates",
  "get /api/users",
  "get /api/models",
  "get /api/models/:folder",
  "get /api/embeddings",
  "get /api/experiment/models",
  "get /api/experiment/models/:folder",
  "get /api/view_metadata/:folder",
  "get /api/prompt",
  "post /api/free",
  // Bob's token does not open these: see scopes.test.ts.
  "get /api/internal/logs",
  "get /api/internal/logs/raw",
  "patch /api/internal/logs/subscribe",
]);

/** The ways to each thing of ann's, by route. Every declared route is here or above, or the first test fails. */
const reaches = (id: string, png: Buffer, asset = { id: "", hash: "" }): Readonly<Record<string, readonly Reach[]>> => {
  const withAsset: readonly Reach[] = [{ params: { id: asset.id } }];
  const withId: readonly Reach[] = [{ params: { id } }];
  const names = ["private.png", "../../ann/input/private.png", "../ann/input/private.png"];
  const files = ["private.json", "../ann/private.json", "../../files/ann/input/private.png"];
  const workflows = ["private", "../../ann/workflows/private", "../../../files/ann/input/private"];
  const load = (image: unknown) => ({
    1: { class_type: "LoadImage", inputs: { image } },
    2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
  });
  return {
    "post /api/prompt": names.map((name) => ({ sent: { body: { prompt: load(name) } } })),
    "get /api/queue": [{}],
    "post /api/queue": [{ sent: { body: { clear: true, delete: [id] } } }],
    "post /api/interrupt": [{ sent: { body: {} } }, { sent: { body: { prompt_id: id } } }],
    "get /api/history": [{}, { query: "max_items=100" }, { query: "offset=0" }],
    "get /api/history/:id": withId,
    "post /api/history": [{ sent: { body: { clear: true } } }, { sent: { body: { delete: [id] } } }],
    "get /api/object_info": [{}],
    "get /api/object_info/:class": [{ params: { class: "LoadImage" } }],
    "get /api/internal/folder_paths": [{}],
    "get /api/view": [
      ...["private.png", "../../ann/input/private.png"].map((name) => ({ query: `type=input&filename=${name}` })),
      { query: "filename=private_00001_.png" },
      { query: "filename=private_00001_.png&subfolder=../../ann/output" },
      { query: "filename=private_00001_.png&subfolder=ann" },
    ],
    "post /api/upload/image": [
      { sent: formOf("taken.png", png, { subfolder: "../../ann/input", overwrite: "true" }) },
      { sent: formOf("../../ann/input/private.png", png, { overwrite: "true" }) },
    ],
    "post /api/upload/mask": names.map((filename) => ({
      sent: formOf("mask.png", png, { original_ref: JSON.stringify({ filename, type: "input" }) }),
    })),
    "get /api/internal/files/:type": ["input", "output", "temp"].map((type) => ({ params: { type } })),
    "get /api/settings": [{}],
    "post /api/settings": [{ sent: { body: { other: 1 } } }],
    "get /api/settings/:id": [{ params: { id: "private" } }],
    "post /api/settings/:id": [{ params: { id: "private" }, sent: { body: '"changed"' } }],
    "get /api/userdata": [".", "..", "../ann"].map((dir) => ({ query: `dir=${dir}&recurse=true` })),
    "get /api/v2/userdata": ["", "..", "../ann"].map((path) => ({ query: `path=${path}` })),
    "get /api/userdata/:file": files.map((file) => ({ params: { file } })),
    "post /api/userdata/:file": [{ params: { file: "../ann/private.json" }, sent: { body: "changed" } }],
    "delete /api/userdata/:file": files.map((file) => ({ params: { file } })),
    "post /api/userdata/:file/move/:dest": [
      ...files.map((file) => ({ params: { file, dest: "mine.json" } })),
      { params: { file: "own.json", dest: "../ann/private.json" }, query: "overwrite=true" },
    ],
    "get /api/jobs": [{}, { query: "workflow_id=private" }],
    "get /api/jobs/:id": withId,
    "post /api/jobs/cancel": [{ sent: { body: { job_ids: [id] } } }],
    "post /api/jobs/:id/cancel": withId,
    "get /api/run": [{}],
    "get /api/run/:name": workflows.map((name) => ({ params: { name } })),
    "post /api/run/:name": workflows.map((name) => ({ params: { name }, sent: { body: {} } })),
    "post /api/v2/jobs": [
      ...[...names, { __type: "core/ASSET", info: { id: asset.id } }].map((image) => ({
        sent: { body: { workflow: load(image) } },
      })),
    ],
    "get /api/v2/jobs": [{}, { query: "workflow_id=private" }],
    "get /api/v2/jobs/:id": withId,
    "get /api/v2/jobs/:id/workflow": withId,
    "get /api/v2/jobs/:id/events": withId,
    "post /api/v2/jobs/:id/cancel": withId,
    "post /api/v2/assets": [{ sent: formOf("../../ann/input/taken.txt", Buffer.from("mine"), {}, "file") }],
    "get /api/v2/assets": [{}, { query: `job_id=${id}` }, { query: `hash=${asset.hash}` }],
    "post /api/v2/assets/from-hash": [{ sent: { body: { hash: asset.hash } } }],
    "get /api/v2/assets/by-hash/:hash": [{ params: { hash: asset.hash } }],
    "get /api/v2/assets/:id": withAsset,
    "get /api/v2/assets/:id/content": withAsset,
    "delete /api/v2/assets/:id": withAsset,
  };
};

/** Those of them that show ann what is hers. Nothing of hers waits. */
const TELLING = [
  "get /api/history",
  "get /api/history/:id",
  "get /api/object_info",
  "get /api/object_info/:class",
  "get /api/view",
  "get /api/internal/files/:type",
  "get /api/settings",
  "get /api/settings/:id",
  "get /api/userdata",
  "get /api/v2/userdata",
  "get /api/userdata/:file",
  "get /api/jobs",
  "get /api/jobs/:id",
  "get /api/run",
  "get /api/run/:name",
  "get /api/v2/jobs",
  "get /api/v2/jobs/:id",
  "get /api/v2/jobs/:id/workflow",
  "get /api/v2/jobs/:id/events",
  "get /api/v2/assets",
  "get /api/v2/assets/by-hash/:hash",
  "get /api/v2/assets/:id",
  "get /api/v2/assets/:id/content",
];

test("every route is in the list of ways to another user's things", () => {
  const known = new Set([...OF_NOBODY, ...Object.keys(reaches("", Buffer.alloc(0)))]);
  expect(declared.map(nameOf).filter((name) => !known.has(name))).toEqual([]);
});

test("by no route does one user read, change or delete what is another's", async () => {
  const { data, id, png, asset, ann, bob } = await annAndBob();
  await bob("/userdata/own.json", { body: "{}" });
  const files = () =>
    readdirSync(data, { recursive: true, encoding: "utf8" })
      .filter((name) => /^(files|users)\/ann\//.test(name) && statSync(join(data, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(join(data, name)).toString("base64")]);
  const tells = (text: string) => /"private|private_0|PNG\r/.test(text) || text.includes(id) || text.includes(asset.id);
  // What is looked for would be found: by ann it is. Lists of files are told when a worker has looked again.
  await until(
    () => ann("/object_info"),
    ({ text }) => tells(text),
  );
  const found: string[] = [];
  for (const route of declared.filter(({ method }) => method === "get"))
    for (const { params, query = "" } of reaches(id, png, asset)[nameOf(route)] ?? [])
      if (tells((await ann(`${filled(route.path, params)}?${query}`)).text)) found.push(nameOf(route));
  expect(new Set(found)).toEqual(new Set(TELLING));
  const before = [files(), (await ann(`/history/${id}`)).text, (await ann("/settings")).text];
  for (const route of declared) {
    for (const { params, query = "", sent } of reaches(id, png, asset)[nameOf(route)] ?? []) {
      const path = `${filled(route.path, params)}?${query}`;
      const { status, text } = await bob(path, { ...sent, method: route.method.toUpperCase() });
      const label = `${nameOf(route)} ${path}`;
      expect(status, label).toBeLessThan(500);
      // A refusal may repeat the name that was asked for.
      if (status < 400) expect([label, tells(text)]).toEqual([label, false]);
      else expect([label, text.includes("file://") || text.includes(data)]).toEqual([label, false]);
    }
  }
  expect([files(), (await ann(`/history/${id}`)).text, (await ann("/settings")).text]).toEqual(before);
});

test("a job's id that is another user's tells nothing of their job", async () => {
  const { id, ann, bob } = await annAndBob();
  const { status, text } = await bob("/prompt", { body: { prompt: picture("mine"), prompt_id: id } });
  expect(status).toBe(409);
  expect(text).not.toContain("private");
  expect((await ann(`/history/${id}`)).json).toHaveProperty(id);
});

test("a socket with another user's client id hears nothing of their jobs", async () => {
  const { server, ann, headers } = await annAndBob();
  const [hers, his] = [await follow(server, "tab", headers.ann), await follow(server, "tab", headers.bob)];
  const { json } = await ann("/prompt", { body: { prompt: picture("again"), client_id: "tab" } });
  await hers.until("execution_success", ({ prompt_id }) => prompt_id === json.prompt_id);
  await his.until("status");
  expect(his.messages.map(({ type }) => type).filter((type) => type !== "status" && type !== "feature_flags")).toEqual(
    [],
  );
});

test("no header makes somebody another user", async () => {
  const { bob, id } = await annAndBob();
  for (const name of ["mezzotint-user", "comfy-user", "x-user", "x-forwarded-user", "remote-user"])
    for (const path of ["/history", `/history/${id}`, "/api/jobs", "/settings"])
      expect((await bob(path, { headers: { [name]: "ann" } })).text, `${name} ${path}`).not.toContain("private");
});
