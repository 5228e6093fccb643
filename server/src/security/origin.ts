import type { IncomingHttpHeaders } from "node:http";
import type { RequestHandler } from "express";
import { HttpProblem } from "./problem.js";

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request that changes something, or opens a socket, may come from a page of somebody else's. Browsers say
 * where a page is from (`Origin`, https://www.rfc-editor.org/rfc/rfc6454; `Sec-Fetch-Site`, https://www.w3.org/TR/fetch-metadata);
 * programs say nothing, and pass. `null` is what sandboxed frames and files send: anybody's.
 */
export function isForeign({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  if (site === "cross-site") return true;
  if (origin === undefined) return site === "same-site";
  return !sameHost(origin, host);
}

function sameHost(origin: string, host: string | undefined): boolean {
  const found = /^https?:\/\/([^/?#@\\]+)$/i.exec(origin);
  return found !== null && found[1]!.toLowerCase() === host?.toLowerCase();
}

/** Refuses changes asked for by other sites' pages. */
export const ownOrigin: RequestHandler = ({ method, headers }, _response, next) => {
  if (READS.has(method) || !isForeign(headers)) return next();
  throw new HttpProblem(403, "foreign_origin", "Pages of other sites may not change anything here", {
    details: "a browser sent this request for a page that is not this server's",
  });
};
