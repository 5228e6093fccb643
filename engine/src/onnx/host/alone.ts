import { Socket } from "node:net";
import { endWithParent, type Frame } from "../../process/index.js";
import { Desk } from "./desk.js";
import type { ToDevice } from "./device.js";
import type { Reply } from "./messages.js";
import { serveClient } from "./visit.js";

/**
 * Serves the one client of a host that nobody shares, whoever started it, in the thread of the device: a run costs half a
 * millisecond less than by way of the reception. While a run blocks this thread nothing is heard; to stop one, the client
 * ends the process.
 */
export function serveOwner(handle: (told: ToDevice) => Promise<Frame<Reply> | undefined>): void {
  const owner = new Socket({ fd: 3, readable: true, writable: true });
  let last: Promise<void> = Promise.resolve();
  const desk: Desk = new Desk({
    toDevice: (told) => {
      last = last.then(async () => {
        const answer = await handle(told);
        if (answer) desk.done(answer);
      });
    },
    end: () => process.exit(),
    // It is the only one, and asks for one thing at a time.
    announces: false,
  });
  serveClient(desk, owner, ({ message }) => message.type === "listen");
  owner.on("close", () => process.exit());
  // In the middle of a run, too.
  endWithParent(process.ppid);
}
