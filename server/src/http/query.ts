import type { Request } from "express";
import { HttpProblem } from "../security/problem.js";

/** A parameter of the address; the last one counts when it stands there twice. */
export function textParam({ query }: Request, name: string): string | undefined {
  const value: unknown = query[name];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === "string" && last !== "" ? last : undefined;
}

/** A whole number of the address, from 0 to `most`. */
export function countParam(request: Request, name: string, most = 1_000_000_000): number | undefined {
  const text = textParam(request, name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text) && Number(text) <= most) return Number(text);
  throw new HttpProblem(400, "invalid_request", `${name} is not usable`, {
    details: `it is a whole number from 0 to ${most}`,
  });
}
