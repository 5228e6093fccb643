import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import express from "express";
import { core } from "../../builtin.js";
import { onError } from "../../security/errors.js";
import { routerOf } from "../operation.js";
import { refuse } from "./refusal.js";
import { fileRoutes } from "./routes.js";

/** An answer, with its body whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a request carries beside its path. */
export interface Sent {
  readonly method?: string;
  readonly headers?: RequestOptions["headers"];
  readonly body?: Buffer | string;
}

/** The file routes on a free port, over a data directory of their own. */
export async function serveFiles() {
  const data = realpathSync(mkdtempSync(join(tmpdir(), "files-")));
  const places = {
    data,
    inputs: [join(data, "input")],
    output: join(data, "output"),
    temp: join(data, "temp"),
  };
  const { openFolders } = await core();
  const faults: unknown[] = [];
  const routes = fileRoutes({
    places,
    folders: openFolders({ data }),
    userOf: ({ headers }) => String(headers["x-user"] ?? "default"),
  });
  const router = routerOf(routes, () => {}).use(refuse);
  const app = express();
  app.disable("etag");
  app.use("/api", router);
  app.use(router);
  app.use(onError((error) => faults.push(error)));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  /** Sends a path as it is: no client's clean-up of `..` hides an attack. */
  const ask = (path: string, { method = "GET", headers = {}, body }: Sent = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asking = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      asking.on("error", reject);
      asking.end(body);
    });

  return {
    data,
    port,
    ask,
    /** What went to the log as our fault. */
    faults,
    /** Writes a file into the data directory, and returns its path. */
    put: (path: string, content: string | Uint8Array): string => {
      const file = join(data, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** The file routes as they are served. */
export type FileServer = Awaited<ReturnType<typeof serveFiles>>;

/** A PNG of one colour, `channels` samples a pixel from 0 to 255. */
export async function pngOf(width: number, height: number, ...colour: readonly number[]): Promise<Buffer> {
  const { encodePng, newTensor } = await core();
  const image = newTensor(1, height, width, colour.length);
  // Saving cuts off what is behind the point: half a step more keeps the number.
  image.data.forEach((_, i) => {
    image.data[i] = ((colour[i % colour.length] as number) + 0.5) / 255;
  });
  return encodePng(image, 0);
}

/** The pixels of a picture that the server sent, 0 to 255: colours, and alpha where it has any. */
export async function pixelsOf(file: Uint8Array) {
  const { decodeImage } = await core();
  const { image, mask } = await decodeImage(file);
  const [, height, width] = image.dims;
  const bytes = (data: ArrayLike<number>) => Array.from(data, (value) => Math.round(value * 255));
  return { width, height, colours: bytes(image.data), alpha: bytes(mask.data).map((value) => 255 - value) };
}

/** A form as browsers send it. */
export function formOf(
  parts: readonly (readonly [name: string, value: string | Uint8Array, filename?: string])[],
): Sent {
  const boundary = "----files";
  const pieces = parts.flatMap(([name, value, filename]) => {
    const file = filename === undefined ? "" : `; filename="${filename}"\r\nContent-Type: application/octet-stream`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return [Buffer.from(head), Buffer.from(value as string), Buffer.from("\r\n")];
  });
  const body = Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
  return { method: "POST", body, headers: { "content-type": `multipart/form-data; boundary=${boundary}` } };
}
