import { parseJson } from "@mezzotint/engine";
import { z } from "zod";
import { isRecord } from "../../security/body.js";
import { HttpProblem } from "../../security/problem.js";

/** What a client writes on a job to know it by: Comfy API v2's `metadata`. */
export type Labels = Readonly<Record<string, string>>;

const MOST = 16;

const Labels = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((labels) => Object.keys(labels).length <= MOST, `at most ${MOST} labels`);

/** The labels of a request. Throws 422 `metadata_invalid`, as Comfy's own service answers. */
export function readLabels(value: unknown): Labels | undefined {
  if (value === undefined || value === null) return undefined;
  const read = Labels.safeParse(value);
  if (read.success) return read.data;
  throw new HttpProblem(422, "metadata_invalid", "The metadata cannot be used", {
    details: z.prettifyError(read.error),
  });
}

/** The labels in a job's `extra_data`, where they are kept. */
export function labelsIn(extra: string): Labels {
  const data: unknown = parseJson(extra);
  const read = Labels.safeParse(isRecord(data) ? data.metadata : undefined);
  return read.success ? read.data : {};
}
