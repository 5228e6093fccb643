import { onTestFinished } from "vitest";
import WebSocket from "ws";
import { until } from "./server.js";

/** What a socket got. */
export interface Followed {
  /** Messages in order; those that are pictures as `preview`. */
  readonly messages: readonly { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[];
  /** Pictures of work in progress, without their frame's head. */
  readonly previews: readonly Buffer[];
  /** Waits for a message. */
  readonly until: (type: string, wanted?: (data: Readonly<Record<string, unknown>>) => boolean) => Promise<void>;
}

/** Opens a socket, as ComfyUI's example of an API script does. Rejects with the HTTP status when it is refused. */
export function follow(
  { url }: { readonly url: string },
  client: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Followed> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?clientId=${client}`, { headers });
  onTestFinished(() => socket.terminate());
  const messages: Followed["messages"][number][] = [];
  const previews: Buffer[] = [];
  socket.on("message", (data, binary) => {
    if (binary) {
      const frame = data as Buffer;
      if (frame.readUInt32BE(0) === 1) previews.push(frame.subarray(8));
      messages.push({ type: "preview", data: {} });
    } else messages.push(JSON.parse(String(data)));
  });
  const found: Followed["until"] = async (type, wanted = () => true) => {
    await until(
      async () => messages,
      (all) => all.some((message) => message.type === type && wanted(message.data)),
    );
  };
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve({ messages, previews, until: found }));
    socket.once("unexpected-response", (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)));
    socket.once("error", reject);
  });
}
