import type { Readable } from "node:stream";
import busboy, { type Busboy } from "busboy";
import type { Request } from "express";
import { bodyOf } from "./body.js";
import { Refusal } from "./refusal.js";
import { discard, type Staged, stage } from "./stage.js";

/** What ComfyUI's clients are told, and hold to: 100 MiB. */
export const MAX_UPLOAD = 100 * 2 ** 20;
/** Fields, headers and boundaries around a file. */
const AROUND = 2 ** 20;
const LIMITS = { fieldNameSize: 100, fieldSize: 64 * 1024, fields: 20, files: 1, parts: 21, headerPairs: 20 };

/** A form with one file, which is staged: whoever receives it discards it in the end. */
export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  /** All values of each field; `fields` has the last. */
  readonly repeated: ReadonlyMap<string, readonly string[]>;
  /** The name that the client gave the file. */
  readonly name: string;
  readonly file: Staged;
}

function parserOf(request: Request): Busboy {
  try {
    return busboy({ headers: request.headers, limits: LIMITS, defParamCharset: "utf8", preservePath: true });
  } catch (cause) {
    throw new Refusal(415, "the body must be a form (multipart/form-data)", { cause });
  }
}

/**
 * Receives a form whose file is in one field, `image` for instance, streaming it aside into `folder`. Fields may stand before or
 * after it. Throws a `Refusal` for anything malformed, too large or broken off, and then leaves nothing on disk.
 */
export async function receiveForm(
  request: Request,
  folder: string,
  { field: wanted = "image", limit = MAX_UPLOAD }: { readonly field?: string; readonly limit?: number } = {},
): Promise<Form> {
  const parser = parserOf(request);
  const body = bodyOf(request, limit + AROUND);
  const fields = new Map<string, string>();
  const repeated = new Map<string, string[]>();
  let upload: { readonly name: string; readonly file: Promise<Staged> } | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const refuse = (reason: string) => reject(new Refusal(400, reason));
      parser.on("field", (field, value, { nameTruncated, valueTruncated }) => {
        if (nameTruncated || valueTruncated) refuse(`the field ${JSON.stringify(field)} is too long`);
        fields.set(field, value);
        repeated.set(field, [...(repeated.get(field) ?? []), value]);
      });
      parser.on("file", (field, stream: Readable, { filename }) => {
        stream.on("error", () => undefined);
        if (field !== wanted || !filename) {
          stream.resume();
          refuse(`the file must be in the field "${wanted}", with a name`);
          return;
        }
        upload = { name: filename, file: stage(folder, stream, limit) };
        upload.file.catch(reject);
      });
      for (const event of ["filesLimit", "partsLimit", "fieldsLimit"] as const)
        parser.on(event, () => refuse("the form has more than one file, or too many fields"));
      parser.on("error", (cause: Error) => reject(new Refusal(400, `the form is malformed: ${cause.message}`)));
      parser.on("close", resolve);
      body.on("error", reject);
      body.pipe(parser);
    });
    if (upload === undefined) throw new Refusal(400, `the form has no file in the field "${wanted}"`);
    return { fields, repeated, name: upload.name, file: await upload.file };
  } catch (error) {
    body.destroy();
    parser.destroy();
    await upload?.file.then(discard, () => undefined);
    throw error;
  }
}
