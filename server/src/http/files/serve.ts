import type { Request, Response } from "express";
import type { Found } from "./names.js";
import { Refusal } from "./refusal.js";

const escaped = (text: string): string =>
  [...Buffer.from(text, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9!#$&+.^_`|~-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

/**
 * A `Content-Disposition` value for any file name: what HTTP cannot quote becomes `_`, and the exact name stands
 * beside it (RFC 6266, RFC 8187).
 */
function disposition(type: "inline" | "attachment", name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  return `${type}; filename="${plain}"${plain === name ? "" : `; filename*=UTF-8''${escaped(name)}`}`;
}

/** How a user's file is presented. */
export interface Presentation {
  readonly type: string;
  readonly disposition: "inline" | "attachment";
  readonly name: string;
}

/**
 * Headers for bytes that a user brought: a browser takes them for `type` and nothing else, runs nothing in them, and
 * asks again each time whether they changed.
 */
export function present(response: Response, { type, disposition: how, name }: Presentation): void {
  response.setHeader("Content-Type", type);
  response.setHeader("Content-Disposition", disposition(how, name));
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Content-Security-Policy", "sandbox");
  response.setHeader("Cache-Control", "private, no-cache");
}

/** Names a version of a file. Files get their names when they are whole, so that a new version is a new inode. */
export const versionOf = ({ ino, size, mtimeMs }: Found["stats"], ...more: readonly (string | number)[]): string =>
  `"${[ino, size, mtimeMs, ...more].join("-")}"`;

/** Sends a file with ETag and ranges. Throws a `Refusal` (404, 416) when there is nothing to send. */
export async function sendFound(response: Response, { path, stats }: Found, how: Presentation): Promise<void> {
  present(response, how);
  response.setHeader("ETag", versionOf(stats));
  await new Promise<void>((resolve, reject) => {
    response.sendFile(path, { dotfiles: "allow", cacheControl: false }, (error?: Error & { status?: number }) => {
      if (error === undefined || response.headersSent || response.destroyed) resolve();
      else reject(refused(error));
    });
  });
}

function refused(error: Error & { status?: number }): Error {
  const { status = 500 } = error;
  if (status === 416) return new Refusal(416, "the file has no such range", { cause: error });
  return status === 404 ? new Refusal(404, "there is no such file", { cause: error }) : error;
}

/** Whether the client has this version already; if so, it is told (304). */
export function isKnown(request: Request, response: Response, etag: string): boolean {
  response.setHeader("ETag", etag);
  if (!request.fresh) return false;
  response.status(304).end();
  return true;
}
