import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { JobRef } from "../jobs/dispatcher-events.js";
import { statusText } from "../protocol/messages.js";
import type { Outbox, Outgoing } from "../protocol/outgoing.js";
import { TOKEN_CHECK } from "./end-with-token.js";
import { Connection } from "./socket-connection.js";

/** Who may open a socket, or why not. */
export type Authorized =
  | {
      readonly user: string;
      /** Whether they may still listen; asked every second. */
      readonly holds?: () => boolean;
    }
  | { readonly refused: 401 | 403 | 429; readonly reason: string }
  | undefined;

type Authorize = (req: IncomingMessage) => Authorized;

/** The open WebSockets of all clients. */
export interface SocketHub extends Outbox {
  /** Takes the upgrades of a server; those that are not for `/ws` are refused. */
  readonly attach: (server: Server, options: { readonly authorize: Authorize }) => void;
  readonly count: () => number;
  /** Says goodbye to everybody. */
  readonly close: () => Promise<void>;
}

/** What a hub needs. */
export interface HubOptions {
  /** Jobs that wait or run: ComfyUI's `queue_remaining`. */
  readonly remaining: () => number;
  /** What `feature_flags` answers. */
  readonly features: Readonly<Record<string, unknown>>;
  /** Open sockets of all clients, and of one user; more are refused. 1,000 and 100 by default. */
  readonly most?: number;
  readonly mostPerUser?: number;
  /** Milliseconds between pings; 30 seconds by default. A socket that answers none is closed at the next. */
  readonly pingEvery?: number;
}

/** Bytes that all sockets together may hold for clients that do not read; beyond, those that hold the most are cut off. */
const MAX_BACKLOG = 64 * 2 ** 20;
/** No client sends more than feature flags. */
const MAX_PAYLOAD = 1024 * 1024;
const MAX_CLIENT_ID = 128;
/** The queue's length is told to all at most this often, in milliseconds. */
const STATUS_DELAY = 50;
/** Who does not answer a goodbye within this is cut off. */
const GOODBYE = 1000;

/** Opens a hub. What is for a client goes to the socket that it opened last. */
export const openSockets = (options: HubOptions): SocketHub => new Hub(options);

/**
 * Sockets of one client id. A tab of a browser that is duplicated brings its id along: were the older socket closed, both
 * would take turns forever. So it stays, hears how long the queue is, and of jobs when the newer one is gone.
 */
const MOST_OF_ONE_CLIENT = 8;

interface Asked {
  readonly user: string;
  readonly holds: (() => boolean) | undefined;
  readonly client: string;
}

interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 429 | 503;
  readonly reason: string;
}

class Hub implements SocketHub {
  readonly #options: HubOptions;
  /** By user, then by client id: the one that hears of the client's jobs. */
  readonly #users = new Map<string, Map<string, Connection>>();
  /** All, in the order of connecting. */
  readonly #all = new Set<Connection>();
  readonly #presence: ((user: string, client: string, listens: boolean) => void)[] = [];
  readonly #sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_PAYLOAD,
    // Compressing previews costs memory per socket and gains nothing.
    perMessageDeflate: false,
  });
  readonly #pings: NodeJS.Timeout;
  #statusTimer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#pings = setInterval(() => this.#ping(), options.pingEvery ?? 30_000).unref();
  }

  readonly attach: SocketHub["attach"] = (server, { authorize }) => {
    server.on("upgrade", (req, socket, head) => {
      // Until the handshake is done nobody else listens.
      socket.on("error", () => socket.destroy());
      this.#upgrade(req, socket, head, authorize);
    });
  };

  readonly count = (): number => this.#all.size;

  readonly listens = (user: string, client: string | undefined): boolean =>
    client !== undefined && this.#users.get(user)?.has(client) === true;

  readonly toClient = (user: string, client: string | undefined, message: Outgoing): void => {
    if (client !== undefined) this.#users.get(user)?.get(client)?.send(message);
  };

  readonly toUser = (user: string, message: Outgoing): void => {
    for (const connection of this.#users.get(user)?.values() ?? []) connection.send(message);
  };

  readonly status = (job?: JobRef): void => {
    for (const connection of this.#all) connection.stale = true;
    if (job?.client !== undefined) this.#tellStatus(this.#users.get(job.user)?.get(job.client));
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = undefined;
      for (const connection of this.#all) if (connection.stale) this.#tellStatus(connection);
    }, STATUS_DELAY);
  };

  readonly onPresence = (listener: (user: string, client: string, listens: boolean) => void): void => {
    this.#presence.push(listener);
  };

  readonly close = async (): Promise<void> => {
    this.#closing = true;
    clearInterval(this.#pings);
    clearTimeout(this.#statusTimer);
    const all = [...this.#all];
    const closed = all.map((connection) => connection.closed);
    for (const connection of all) connection.close(1001, "the server stops");
    const limit = setTimeout(() => {
      for (const connection of all) connection.terminate();
    }, GOODBYE);
    await Promise.all(closed);
    clearTimeout(limit);
  };

  #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, authorize: Authorize): void {
    const asked = this.#admit(req, authorize);
    if ("status" in asked) {
      refuse(socket, asked);
      return;
    }
    this.#sockets.handleUpgrade(req, socket, head, (ws) => {
      this.#joinWhile(asked.holds, new Connection(ws, asked, this.#options.features, () => this.#relieve()));
    });
  }

  #admit(req: IncomingMessage, authorize: Authorize): Asked | Refusal {
    const [path, query = ""] = (req.url ?? "").split("?", 2);
    if (path !== "/ws" && path !== "/api/ws") return { status: 404, reason: "there is no such socket" };
    const authorized = authorize(req);
    if (authorized === undefined) return { status: 403, reason: "not allowed" };
    if ("refused" in authorized) return { status: authorized.refused, reason: authorized.reason };
    const { user, holds } = authorized;
    const client = new URLSearchParams(query).get("clientId") || randomUUID().replaceAll("-", "");
    if (client.length > MAX_CLIENT_ID)
      return { status: 400, reason: `clientId is ${client.length} characters long (at most ${MAX_CLIENT_ID})` };
    const { most = 1000, mostPerUser = 100 } = this.#options;
    const own = [...this.#all].filter((connection) => connection.user === user);
    const same = own.filter((connection) => connection.client === client);
    // Sockets that vanished without a goodbye are still here: their client must get in nevertheless.
    if (same.length >= MOST_OF_ONE_CLIENT) same[0]?.terminate();
    else if (this.#closing || this.count() >= most || own.length >= mostPerUser)
      return { status: 503, reason: "too many open sockets" };
    return { user, client, holds };
  }

  /** A socket ends with the token that opened it. */
  #joinWhile(holds: Asked["holds"], connection: Connection): void {
    this.#join(connection);
    if (!holds) return;
    const check = setInterval(() => {
      if (!holds()) connection.close(1008, "the token is no longer valid");
    }, TOKEN_CHECK).unref();
    void connection.closed.then(() => clearInterval(check));
  }

  #join(connection: Connection): void {
    const { user, client } = connection;
    const clients = this.#users.get(user) ?? new Map<string, Connection>();
    this.#users.set(user, clients);
    this.#all.add(connection);
    clients.set(client, connection);
    connection.send({ text: statusText(this.#options.remaining(), client) });
    this.#tellPresence(connection, true);
    void connection.closed.then(() => {
      this.#all.delete(connection);
      if (clients.get(client) !== connection) return;
      const older = [...this.#all].findLast((other) => other.user === user && other.client === client);
      if (older) clients.set(client, older);
      else clients.delete(client);
      if (clients.size === 0) this.#users.delete(user);
      if (older) return;
      this.#tellPresence(connection, false);
    });
  }

  /** Each socket is bounded, and so are all: there may be a thousand. */
  #relieve(): void {
    let total = 0;
    for (const { backlog } of this.#all) total += backlog;
    while (total > MAX_BACKLOG) {
      const [worst] = [...this.#all].sort((a, b) => b.backlog - a.backlog);
      if (worst === undefined || worst.backlog === 0) return;
      total -= worst.backlog;
      worst.terminate();
    }
  }

  #tellPresence({ user, client }: Connection, listens: boolean): void {
    for (const listener of this.#presence) listener(user, client, listens);
  }

  #tellStatus(connection: Connection | undefined): void {
    if (!connection) return;
    connection.stale = false;
    connection.send({ text: statusText(this.#options.remaining()) });
  }

  #ping(): void {
    for (const connection of this.#all) connection.ping();
  }
}

const REASONS: Readonly<Record<Refusal["status"], string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  503: "Service Unavailable",
};

function refuse(socket: Duplex, { status, reason }: Refusal): void {
  const body = Buffer.from(`${reason}\n`);
  const headers = `Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}`;
  socket.end(`HTTP/1.1 ${status} ${REASONS[status]}\r\n${headers}\r\n\r\n${body}`, () => socket.destroy());
}
