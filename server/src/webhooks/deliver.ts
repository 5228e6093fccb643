import { type Fetched, type FetchPolicy, guardedFetch } from "../security/fetch/guarded-fetch.js";
import { FetchRefused, type RefusedFor } from "../security/fetch/refused.js";
import { waitAfter } from "./retries.js";
import { messageHeaders } from "./sign.js";
import type { Delivery, Tried, Webhooks } from "./webhook.js";

/** What deliveries need of the server. */
export interface DeliverOptions {
  readonly webhooks: Webhooks;
  /** The message about a job: its type and body. Undefined when the job is gone. */
  readonly messageOf: (delivery: Delivery) => Promise<object | undefined>;
  readonly policy: FetchPolicy;
  /** The operator's secret: for what the operator asked for, and for jobs whose clients gave none. */
  readonly secret?: string | undefined;
  readonly onLog: (level: "info" | "warn" | "error", message: string, facts: Readonly<Record<string, unknown>>) => void;
}

/** Messages on their way at once. */
const AT_ONCE = 8;
/** A receiver has this long to answer, in milliseconds. */
const TIMEOUT = 10_000;
/** Bytes of an answer that are read: nobody looks at them. */
const ANSWER = 64 * 1024;
/** What will not change by asking again. */
const FINAL: ReadonlySet<RefusedFor> = new Set(["url", "scheme", "credentials", "port", "address"]);

/** Sends what is due, until it is closed. What was under way then is sent again at the next start. */
export interface Deliveries {
  /** Something may be due now. */
  readonly look: () => void;
  readonly close: () => void;
}

/** Starts sending what is due: now what an earlier server left, later whatever `look` is called for. */
export function openDeliveries({ webhooks, messageOf, policy, secret, onLog }: DeliverOptions): Deliveries {
  const underWay = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = (): void => {
    if (closed || underWay.size >= AT_ONCE) return;
    clearTimeout(timer);
    try {
      // Those under way are due until they are noted, so that as many more are read.
      for (const delivery of webhooks.due(Date.now(), 2 * AT_ONCE)) {
        if (underWay.size < AT_ONCE) start(delivery);
      }
      const next = webhooks.nextAt();
      // Clocks jump, so that it looks again within the hour; what is under way counts as due, so that it does not spin.
      if (next !== undefined) timer = setTimeout(look, Math.min(Math.max(next - Date.now(), 500), 3_600_000)).unref();
    } catch (error) {
      onLog("error", "messages about jobs cannot be read now", { error });
      timer = setTimeout(look, 5000).unref();
    }
  };

  const start = (delivery: Delivery): void => {
    const key = `${delivery.seq} ${delivery.owner}`;
    if (underWay.has(key)) return;
    underWay.add(key);
    const deliver = async (): Promise<void> => {
      const tried = await attempt(delivery);
      if (!closed) await webhooks.tried(delivery, tried);
    };
    void deliver()
      .catch((error: unknown) => onLog("error", "a message about a job cannot be noted", { job: delivery.job, error }))
      .finally(() => {
        underWay.delete(key);
        look();
      });
  };

  const attempt = async (delivery: Delivery): Promise<Tried> => {
    const message = await messageOf(delivery);
    if (message === undefined) return { state: "given_up", reason: "the job is gone" };
    const tried = await send(delivery, message, policy, delivery.secret ?? secret);
    if (tried.state === "given_up") {
      const { job, tries } = delivery;
      const { reason, status } = tried;
      onLog("warn", "nobody took the message about a job", { job, tries: tries + 1, reason, status });
    }
    return tried;
  };

  look();
  return {
    look,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** One try. */
async function send(delivery: Delivery, message: object, policy: FetchPolicy, secret?: string): Promise<Tried> {
  const body = JSON.stringify(message);
  const id = `msg_${delivery.job}`;
  const signed = messageHeaders({ id, timestamp: Math.floor(Date.now() / 1000), body }, secret);
  const headers = { ...signed, "content-type": "application/json", "user-agent": "Mezzotint" };
  try {
    const options = { method: "POST", headers, body, timeout: TIMEOUT, limit: ANSWER, redirects: 0 } as const;
    return judged(await guardedFetch(delivery.url, options, policy), delivery);
  } catch (error) {
    if (!(error instanceof FetchRefused)) throw error;
    const { message: reason } = error;
    if (FINAL.has(error.reason)) return { state: "given_up", reason };
    return later(delivery, { reason });
  }
}

/** What a receiver's answer means. Its body is of no use: whether it took the message is in the status. */
function judged({ status, headers, body }: Fetched, delivery: Delivery): Tried {
  body.destroy();
  if (status >= 200 && status < 300) return { state: "delivered", status };
  if (status === 410) return { state: "given_up", status, reason: "the receiver wants no more (410)" };
  const reason = status >= 300 && status < 400 ? "redirects are not followed" : `the receiver answered ${status}`;
  const asked = Number(headers["retry-after"] ?? 0);
  return later(delivery, { status, reason, asked: Number.isFinite(asked) ? asked : 0 });
}

function later(
  { tries }: Delivery,
  { asked, ...why }: { readonly status?: number; readonly reason: string; readonly asked?: number },
): Tried {
  const wait = waitAfter(tries + 1, Math.random, asked);
  return wait === undefined ? { state: "given_up", ...why } : { state: "due", nextAt: Date.now() + wait, ...why };
}
