import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Failure, messageOf } from "./failure.js";

/** A port that answers, before there is anything to answer with. */
export interface Listening {
  readonly server: Server;
  readonly url: string;
  /** Requests and sockets that came before are answered now. */
  readonly answerWith: (listener: RequestListener) => void;
  /** Takes no more connections, and ends those that are open. */
  readonly close: () => Promise<void>;
}

/** Listens on a loopback address. Throws a `Failure` when the port is taken. */
export async function listen(host: string, port: number): Promise<Listening> {
  let answerWith: (listener: RequestListener) => void = () => {};
  const listener = new Promise<RequestListener>((resolve) => {
    answerWith = resolve;
  });
  const server = createServer((request, response) => void listener.then((answer) => answer(request, response)));
  const release = holdUpgrades(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  }).catch((cause: NodeJS.ErrnoException) => {
    const taken = cause.code === "EADDRINUSE";
    const reason = taken ? "something listens there already; choose another port with --port" : messageOf(cause);
    throw new Failure(`cannot listen on ${host}, port ${port}: ${reason}`, { cause });
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    server,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    answerWith: (answer) => {
      answerWith(answer);
      release();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Keeps WebSockets that are opened before anybody takes them, until what it answers with is called. */
function holdUpgrades(server: Server): () => void {
  const held: unknown[][] = [];
  const hold = (...upgrade: unknown[]): void => void held.push(upgrade);
  server.on("upgrade", hold);
  return () => {
    server.off("upgrade", hold);
    for (const upgrade of held) server.emit("upgrade", ...upgrade);
  };
}
