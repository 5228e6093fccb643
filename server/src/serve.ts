import { mkdir } from "node:fs/promises";
import { healthOf } from "./health.js";
import { watchJobs } from "./jobs/watch-jobs.js";
import { type Listening, listen } from "./listen.js";
import type { Log } from "./log.js";
import type { Places } from "./places.js";
import { hostCheck, isLoopback } from "./security/allowed-host.js";
import { recognition } from "./security/identity.js";
import { isForeign } from "./security/origin.js";
import { sweep } from "./sweep.js";
import { openTokens } from "./tokens/token-folder.js";

/** How a server is started. */
export interface ServerOptions {
  /** An address to listen on. Other than loopback's it needs tokens. */
  readonly host: string;
  /** 0 takes any port that is free. */
  readonly port: number;
  readonly places: Places;
  readonly workers: number;
  /** Jobs that may wait; more are refused until some have run. */
  readonly maxQueued: number;
  /** Jobs that one worker runs at once. */
  readonly jobsPerWorker: number;
  /** Paths of packs that are not installed. */
  readonly localPacks: readonly string[];
  /** Names besides loopback's by which this server is called. */
  readonly allowedHosts: readonly string[];
  /** The folder of a built editor. */
  readonly frontEndRoot?: string;
  /** SAMPLING_OPTIONS' `compat`. */
  readonly compat?: string;
  /** Whether URLs of users, webhooks for instance, may lead to private networks and this machine. */
  readonly allowPrivateUrls: boolean;
  /** Where the end of every job is told. */
  readonly webhook?: string;
  /** What messages are signed with, unless a client gave a secret of its own. */
  readonly webhookSecret?: string;
  /** Whether what is accepted survives a power cut. */
  readonly durable: boolean;
  /** Whether tokens are asked for, once there are any. False only on loopback. */
  readonly auth: boolean;
  /** Requests that one token may make in a minute; 0: as many as it likes. */
  readonly requestsPerMinute: number;
  /** Whether a proxy on this machine stands before the server. */
  readonly behindProxy: boolean;
  readonly log: Log;
}

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  /** Lets what runs end for so many milliseconds, gives back what has not, and ends everything. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Clients that may follow the log at once. */
const MAX_LOG_READERS = 100;

/**
 * Starts a server. The port answers first, then the data directory is taken and the workers are forked; all else is
 * loaded while they start, and requests wait for it. Throws a `Failure`, with nothing left behind.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port } = options;
  hostCheck(options);
  const listening = await listen(host, port);
  const undo: (() => unknown)[] = [listening.close];
  try {
    return { url: listening.url, close: await compose(listening, options, undo) };
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

/** Joins the parts. Fills `undo` with how to end what was begun; answers with how to end it in good order. */
async function compose(
  { server, answerWith, close }: Listening,
  options: ServerOptions,
  undo: (() => unknown)[],
): Promise<RunningServer["close"]> {
  const { places, log, workers, jobsPerWorker, localPacks, frontEndRoot, compat, durable } = options;
  const { host, auth, requestsPerMinute, behindProxy } = options;
  const { openStore } = await import("./store/open-store.js");
  const store = await openStore(places.data, { durable, maxQueued: options.maxQueued });
  undo.push(store.close);
  if (store.recovered > 0) log.warn({ jobs: store.recovered }, `${store.recovered} interrupted jobs wait again`);
  const [{ openPool }] = await Promise.all([import("./worker/pool.js"), sweep(places)]);
  for (const folder of [...places.inputs, places.output, places.temp]) await mkdir(folder, { recursive: true });

  const pool = openPool({
    workers,
    jobsPerWorker,
    places,
    localPacks,
    onLog: (line, worker) => log.info({ worker }, line),
    ...(compat !== undefined && { compat }),
  });
  undo.push(() => pool.close(0));
  const {
    openDispatcher,
    openSockets,
    openFeed,
    createApp,
    MAX_UPLOAD,
    openUserFolders,
    openMetrics,
    openDeliveries,
    jobMessage,
    wrongTokens,
  } = await import("./parts.js");
  const { queue, records, assets, webhooks } = store;
  const dispatcher = openDispatcher({
    queue,
    records,
    pool,
    onLog: (level, message, { error, ...facts } = {}) => log[level]({ ...facts, err: error }, message),
  });
  undo.push(() => dispatcher.close(0));
  const fetchPolicy = { privateToo: options.allowPrivateUrls };
  const told = { records, dispatcher, assets, webhooks, places };
  const deliveries = openDeliveries({
    webhooks,
    messageOf: (delivery) => jobMessage(delivery, told),
    policy: fetchPolicy,
    secret: options.webhookSecret,
    onLog: (level, message, { error, ...facts }) => log[level]({ ...facts, err: error }, message),
  });
  undo.push(deliveries.close);
  dispatcher.on(({ type }) => {
    if (type === "over") deliveries.look();
  });
  const features = { supports_preview_metadata: true, max_upload_size: MAX_UPLOAD };
  const remaining = () => dispatcher.counts().queued + dispatcher.counts().running;
  const sockets = openSockets({ remaining, features });
  const endFeed = openFeed(dispatcher, sockets);
  const isAllowedHost = hostCheck(options);
  const tokens = openTokens(places.data);
  const who = recognition(tokens, () => isLoopback(host) && !(auth && tokens.any()));
  const wrong = wrongTokens(who);
  sockets.attach(server, {
    authorize: (request) => {
      if (!isAllowedHost(request.headers.host) || isForeign(request.headers))
        return { refused: 403, reason: "pages of other sites may not listen here" };
      if (wrong.ofSocket(request)) return { refused: 429, reason: "too many wrong tokens came from this address" };
      const { identity } = who.recognise(request);
      if (!identity) return { refused: 401, reason: "a token is needed" };
      return { user: identity.user, holds: () => who.holds(request) };
    },
  });
  const app = createApp({
    queue,
    records,
    dispatcher,
    watchJob: watchJobs(dispatcher),
    assets,
    webhooks,
    webhookPolicy: {
      ...fetchPolicy,
      ...(options.webhook !== undefined && { everyJob: options.webhook }),
    },
    pool,
    places,
    folders: await openUserFolders(places),
    log,
    watchLog: logReaders(log, sockets),
    health: healthOf({ records, pool, dispatcher, data: places.data, maxQueued: options.maxQueued }),
    metrics: await openMetrics({ dispatcher, pool, sockets: sockets.count }),
    features,
    isAllowedHost,
    frontEndRoot,
    ...who,
    wrongTokens: wrong,
    requestsPerMinute,
    behindProxy,
  });
  answerWith(app);
  return async (graceMs) => {
    await dispatcher.close(graceMs);
    deliveries.close();
    endFeed();
    await sockets.close();
    await close();
    await store.close();
  };
}

/** Sends new log lines to the clients that asked for them. */
function logReaders(log: Log, sockets: Pick<import("./http/socket.js").SocketHub, "toClient">) {
  const readers = new Map<string, readonly [user: string, client: string]>();
  log.onLine((entry) => {
    const text = JSON.stringify({ type: "logs", data: { entries: [entry], size: null } });
    for (const [user, client] of readers.values()) sockets.toClient(user, client, { text });
  });
  return (user: string, client: string, enabled: boolean): void => {
    const key = JSON.stringify([user, client]);
    if (!enabled) readers.delete(key);
    else if (readers.size < MAX_LOG_READERS) readers.set(key, [user, client]);
  };
}
