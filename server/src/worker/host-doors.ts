import { HostDied, type HostDoor } from "@mezzotint/engine/host";
import type { ToWorker } from "./messages.js";

type AboutHost = Extract<ToWorker, { type: "host" | "hostless" | "host-died" }>;

interface Waiting {
  readonly resolve: (door: HostDoor) => void;
  readonly reject: (error: Error) => void;
}

/** What a worker knows of inference hosts: the server starts them, and says where they are and how they died. */
export function hostDoors(ask: () => void): {
  readonly open: () => Promise<HostDoor>;
  readonly told: (message: AboutHost) => void;
} {
  let waiting: Waiting[] = [];
  /** How to tell of the death of each host that lives. */
  const living = new Map<string, { readonly door: HostDoor; readonly die: (how: string) => void }>();

  const enter = (path: string): HostDoor => {
    const known = living.get(path);
    if (known) return known.door;
    let die: (how: string) => void = () => {};
    const died = new Promise<string>((resolve) => {
      die = resolve;
    });
    const door = { path, died };
    living.set(path, { door, die });
    return door;
  };

  return {
    open: () =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        ask();
      }),
    told: (message) => {
      if (message.type === "host-died") {
        living.get(message.path)?.die(message.how);
        living.delete(message.path);
        return;
      }
      const asked = waiting;
      waiting = [];
      for (const { resolve, reject } of asked) {
        if (message.type === "host") resolve(enter(message.path));
        else reject(new HostDied(`no inference host starts: ${message.reason}`, false));
      }
    },
  };
}
