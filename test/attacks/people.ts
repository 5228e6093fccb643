import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, ask, dataFolder, startServer, testPack, until } from "../serve/server.js";
import { bearer, tokenOf } from "../serve/token.js";

/** A form as browsers send it: fields, and a file in the last. */
export function formOf(name: string, bytes: Buffer, fields: Readonly<Record<string, string>> = {}, field = "image") {
  const head = (about: string) => `--x\r\nContent-Disposition: form-data; ${about}\r\n\r\n`;
  const body = Buffer.concat([
    ...Object.entries(fields).map(([key, value]) => Buffer.from(`${head(`name="${key}"`)}${value}\r\n`)),
    Buffer.from(head(`name="${field}"; filename="${name}"`)),
    bytes,
    Buffer.from("\r\n--x--\r\n"),
  ]);
  return { body, headers: { "content-type": "multipart/form-data; boundary=x" } };
}

/** A prompt that saves a small picture. */
export const picture = (filename_prefix: string) => ({
  1: { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 255 } },
  2: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix } },
});

/** A server with two users: `ann` has a thing of every kind, each called `private`; `bob` has nothing. */
export async function annAndBob() {
  const data = dataFolder();
  const [ann, bob] = await Promise.all(
    ["ann", "bob"].map(async (user) => bearer((await tokenOf(data, "--user", user)).token)),
  );
  const server = await startServer(testPack, { data });
  const as =
    (headers: Readonly<Record<string, string>>) =>
    (path: string, asking: Parameters<typeof ask>[2] = {}): Promise<Answer> =>
      ask(server, path, { ...asking, headers: { ...asking.headers, ...headers } });
  const hers = as(ann!);
  const submitted = await hers("/prompt", {
    body: { prompt: picture("private"), extra_data: { extra_pnginfo: { workflow: { id: "private" } } } },
  });
  const id: string = submitted.json.prompt_id;
  await until(
    () => hers(`/history/${id}`),
    (answer) => answer.json?.[id] !== undefined,
  );
  const png = readFileSync(join(data, "files/ann/output/private_00001_.png"));
  await hers("/upload/image", formOf("private.png", png));
  await hers("/userdata/private.json", { body: { private: "private" } });
  await hers("/userdata/workflows%2Fprivate.json", { body: picture("private") });
  await hers("/settings/private", { body: '"private"' });
  const asset: { id: string; hash: string } = (await hers("/api/v2/assets", formOf("private.png", png, {}, "file")))
    .json;
  return { data, server, id, asset, png, ann: hers, bob: as(bob!), headers: { ann: ann!, bob: bob! } };
}
