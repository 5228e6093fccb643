import { isIP } from "node:net";
import { z } from "zod";
import type { WebhookSpec } from "../jobs/job.js";
import { mayReach } from "../security/fetch/public-address.js";
import { FetchRefused } from "../security/fetch/refused.js";
import { hostOf, targetOf } from "../security/fetch/target.js";
import { HttpProblem } from "../security/problem.js";

/** Who is to be told of a job's end, as clients say it: a URL, or a URL and what the message is signed with. */
export const WebhookRequest = z.union([
  z.string().max(2048),
  z.strictObject({
    url: z.string().max(2048),
    /** `whsec_` and the key in base64, as Standard Webhooks has it, or any text. */
    secret: z.string().min(8).max(256).optional(),
  }),
]);

export type WebhookRequest = z.infer<typeof WebhookRequest>;

/** What a server does about webhooks. */
export interface WebhookPolicy {
  /** Addresses of private networks may be told too. */
  readonly privateToo: boolean;
  /** Where the end of every job is told. */
  readonly everyJob?: string;
}

const unusable = (details: string): HttpProblem =>
  new HttpProblem(400, "invalid_webhook", "The webhook cannot be used", { details });

/**
 * Reads what a client asked for. Where a name leads is looked at when it is told; what can never be is refused now.
 * Throws an `HttpProblem` (400).
 */
function readWebhook(value: unknown, { privateToo }: WebhookPolicy): { url: string; secret?: string } | undefined {
  if (value === undefined || value === null) return undefined;
  const read = WebhookRequest.safeParse(value);
  if (!read.success) throw unusable('it is a URL, or {"url": …, "secret": a text of 8 to 256 characters}');
  const { url, secret } = typeof read.data === "string" ? { url: read.data, secret: undefined } : read.data;
  try {
    const target = targetOf(url);
    const host = hostOf(target);
    if (isIP(host) !== 0 && !mayReach(host, privateToo))
      throw new FetchRefused("address", "its address is not on the public internet; --allow-private-urls lets it be");
    return { url: target.href, ...(secret !== undefined && { secret }) };
  } catch (error) {
    if (error instanceof FetchRefused) throw unusable(error.message);
    throw error;
  }
}

/** All who are to be told of a job's end: who submitted it may ask for one, and the operator for every job. */
export function webhooksFor(value: unknown, origin: string, policy: WebhookPolicy): readonly WebhookSpec[] {
  const asked = readWebhook(value, policy);
  return [
    ...(asked ? [{ owner: "job" as const, origin, ...asked }] : []),
    ...(policy.everyJob === undefined ? [] : [{ owner: "server" as const, origin, url: policy.everyJob }]),
  ];
}
