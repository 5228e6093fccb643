import type { ErrorRequestHandler } from "express";
import { ZodError } from "zod";
import { HttpProblem } from "../../security/problem.js";

const TYPES: Readonly<Record<number, string>> = {
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  415: "unsupported_media",
  416: "no_such_range",
  507: "out_of_space",
};

/** A request about a file that is not granted, with the reason for whoever asked. No message shows a path of the machine. */
export class Refusal extends HttpProblem {
  constructor(status: number, message: string, { cause }: { readonly cause?: unknown } = {}) {
    super(status, TYPES[status] ?? "invalid_request", message, { cause });
  }
}

/** What the file system's own refusals mean to a client. */
const BY_CODE: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ENOENT: [404, "there is no such file"],
  ENOTDIR: [409, "a part of the path is a file, not a folder"],
  EISDIR: [409, "a folder has this name"],
  EEXIST: [409, "the name is taken"],
  ENOTEMPTY: [409, "a folder has this name"],
  ENAMETOOLONG: [400, "the name is too long"],
  EINVAL: [400, "the file system does not take this name"],
  EILSEQ: [400, "the file system does not take this name"],
  ELOOP: [400, "the path runs in circles"],
  EACCES: [403, "the server may not read or write there"],
  EPERM: [403, "the server may not read or write there"],
  EROFS: [403, "the disk is read-only"],
  ENOSPC: [507, "the disk is full"],
  EDQUOT: [507, "the disk quota is used up"],
};

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? codeOf(error.cause)) : undefined;

/** Whether an error is one of the file system's, by its codes. */
export const isCode = (error: unknown, ...codes: readonly string[]): boolean => codes.includes(codeOf(error) ?? "");

/** The refusal that an error stands for; undefined for what is a fault of ours. */
export function asRefusal(error: unknown): HttpProblem | undefined {
  if (error instanceof HttpProblem) return error;
  if (error instanceof ZodError) {
    const problems = error.issues.map(({ path, message }) => `${path.join(".") || "the request"}: ${message}`);
    return new Refusal(400, problems.join("; "));
  }
  if (!(error instanceof Error)) return undefined;
  if (error.name === "BadName") return new Refusal(400, error.message);
  const [status, message] = BY_CODE[codeOf(error) ?? ""] ?? [];
  if (status !== undefined && message !== undefined) return new Refusal(status, message, { cause: error });
  return undefined;
}

/** How long a refused client may go on sending before its connection is cut. */
const LINGER_MS = 2000;

/** What was said of a file that is not sent after all. */
const ABOUT_FILE = ["Content-Type", "Content-Disposition", "ETag", "Last-Modified", "Cache-Control", "Accept-Ranges"];

/**
 * The end of the file routes: what was thrown becomes a refusal where it is one, for the app to answer. A client that
 * is still sending can read the answer before it is cut off.
 */
export const refuse: ErrorRequestHandler = (error, request, response, next) => {
  if (!response.headersSent) for (const name of ABOUT_FILE) response.removeHeader(name);
  if (!request.complete) {
    response.set("Connection", "close");
    response.once("finish", () => setTimeout(() => request.complete || request.destroy(), LINGER_MS).unref());
    request.resume();
  }
  next(asRefusal(error) ?? error);
};
