import { createHmac } from "node:crypto";

/** A message before it is sent. */
interface Message {
  /** The same at every try, so that a receiver knows what it has. */
  readonly id: string;
  /** Seconds since 1970, of this try. */
  readonly timestamp: number;
  readonly body: string;
}

/** The key in a secret: base64 after `whsec_`, as Standard Webhooks has it, else the text itself. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : Buffer.from(secret);

/**
 * The headers of a message by Standard Webhooks (https://www.standardwebhooks.com, 1.0): its id, when it was sent, and
 * HMAC-SHA256 over both and the body, `v1,` and base64. Without a secret, nothing is signed.
 */
export function messageHeaders({ id, timestamp, body }: Message, secret?: string): Readonly<Record<string, string>> {
  const headers = { "webhook-id": id, "webhook-timestamp": String(timestamp) };
  if (secret === undefined) return headers;
  const signature = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}
