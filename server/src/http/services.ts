import type { Assets } from "../assets/asset.js";
import type { Dispatcher } from "../jobs/dispatcher.js";
import type { Queue, Records } from "../jobs/queue.js";
import type { WatchJob } from "../jobs/watch-jobs.js";
import type { Log } from "../log.js";
import type { Metrics } from "../metrics/metrics.js";
import type { Places } from "../places.js";
import type { openUserFolders } from "../runtime.js";
import type { Recognition } from "../security/identity.js";
import type { Webhooks } from "../webhooks/webhook.js";
import type { Pool } from "../worker/pool-interface.js";
import type { WrongTokens } from "./rate-limits.js";
import type { WebhookPolicy } from "./webhook-request.js";

/** What `GET /ready` answers: the server takes jobs and will run them when all of it is well. */
export interface Health {
  readonly ready: boolean;
  /** The database answers, and there is room on its disk. */
  readonly database: boolean;
  readonly disk: boolean;
  readonly workers: number;
  readonly queue: { readonly queued: number; readonly running: number };
}

/** All that routes need of the server. They listen to nothing and start nothing. */
export interface Services {
  readonly queue: Pick<Queue, "nextNumber">;
  readonly records: Records;
  readonly dispatcher: Dispatcher;
  readonly watchJob: WatchJob;
  readonly assets: Assets;
  readonly webhooks: Pick<Webhooks, "ofJob">;
  readonly webhookPolicy: WebhookPolicy;
  readonly pool: Pick<Pool, "definitions" | "check" | "freeMemory">;
  readonly places: Places;
  /** The user's files and models, as nodes see them. */
  readonly folders: Awaited<ReturnType<typeof openUserFolders>>;
  readonly log: Pick<Log, "recent" | "error">;
  /** Whether a client's sockets hear of new log lines. */
  readonly watchLog: (user: string, client: string, enabled: boolean) => void;
  readonly metrics: Metrics;
  readonly health: () => Promise<Health>;
  /** What this server can do, in the terms of ComfyUI's `feature_flags`. */
  readonly features: Readonly<Record<string, unknown>>;
  /** Whether a `Host` header names this server. */
  readonly isAllowedHost: (host: string | undefined) => boolean;
  /** The folder of a built editor. */
  readonly frontEndRoot: string | undefined;
  /** Who asks, and what they may do. */
  readonly recognise: Recognition["recognise"];
  readonly holds: Recognition["holds"];
  readonly allow: Recognition["allow"];
  /** Whose things a request is about; `default` where nobody is asked for a token. */
  readonly userOf: Recognition["userOf"];
  /** Who tries wrong tokens has to wait. */
  readonly wrongTokens: Pick<WrongTokens, "middleware">;
  /** Requests that one token may make in a minute; 0: as many as it likes. */
  readonly requestsPerMinute: number;
  /** Whether requests come through a proxy on this machine, whose `X-Forwarded-…` headers count. */
  readonly behindProxy: boolean;
}
