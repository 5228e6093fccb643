import { z } from "zod";
import type { JsonRecord } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";

const MOST = 10_000;

/** Job ids in a body, as documented. */
export const Ids = z.array(z.string().max(128)).max(MOST);

/** The list of job ids under a key of a body; undefined when the key is not there. */
export function idsIn(body: JsonRecord, key: string): readonly string[] | undefined {
  const ids = body[key];
  if (ids === undefined || ids === null) return undefined;
  if (Array.isArray(ids) && ids.length <= MOST && ids.every(isId)) return ids;
  throw new HttpProblem(400, "invalid_request", `${key} is not usable`, {
    details: `it is a list of at most ${MOST} job ids`,
  });
}

/** Whether a value can be a job's id: what cannot is not even looked up. */
export const isId = (value: unknown): value is string => typeof value === "string" && /^[\w.:-]{1,128}$/.test(value);
