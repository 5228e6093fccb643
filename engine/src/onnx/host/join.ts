import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Inference } from "../inference.js";
import { type ClientOptions, inferenceClient } from "./client.js";
import { HostDied, HostLink } from "./link.js";

/** Where an inference host takes clients in. */
export interface HostDoor {
  /** Of a local socket. */
  readonly path: string;
  /** Resolves with how the host died. */
  readonly died: Promise<string>;
}

/** Milliseconds after the end of a connection in which somebody should say why. */
const OBITUARY = 1000;

/**
 * Runs graphs in an inference host that others start, and share. `open` says where one listens; it is asked before the
 * first run, and again when that host is gone. Its rejection is the run's.
 */
export function joinInference({
  open,
  ...options
}: { readonly open: () => Promise<HostDoor> } & Pick<ClientOptions, "graceMs" | "onLog">): Inference {
  let link: HostLink | undefined;
  let entering: Promise<HostLink> | undefined;
  let socket: Socket | undefined;
  const enter = async (): Promise<HostLink> => {
    const door = await open();
    const stream = connect(door.path);
    socket = stream;
    const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
    const connected = new Promise((resolve) => stream.once("connect", resolve));
    const gone = closed.then(() => Promise.race([door.died, sleep(OBITUARY, "the connection to it was lost")]));
    const made = new HostLink({ stream, gone, busy: (owes) => void (owes ? stream.ref() : stream.unref()) });
    await Promise.race([connected, closed]);
    if (stream.connecting || stream.destroyed) throw new HostDied(await gone, false);
    stream.unref();
    return made;
  };
  return inferenceClient({
    ...options,
    host: async () => {
      if (link?.alive) return link;
      entering ??= enter().finally(() => {
        entering = undefined;
      });
      link = await entering;
      return link;
    },
    current: () => link,
    close: async () => void socket?.destroy(),
  });
}
