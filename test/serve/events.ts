import { request } from "node:http";
import { onTestFinished } from "vitest";
import { until } from "./server.js";

/** One server-sent event. */
export interface SentEvent {
  readonly event: string;
  readonly id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape.
  readonly data: any;
}

/** An event stream as a program reads it. */
export interface Followed {
  readonly status: number;
  readonly events: readonly SentEvent[];
  /** What came, not yet read as events. */
  readonly text: () => string;
  readonly until: (wanted: (event: SentEvent) => boolean) => Promise<SentEvent>;
  /** When the server has ended it. */
  readonly ended: Promise<void>;
  readonly leave: () => void;
}

/** Follows a stream of server-sent events. */
export function followEvents(
  { url }: { readonly url: string },
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Followed> {
  let text = "";
  const parsed = (): SentEvent[] =>
    text
      .split("\n\n")
      .slice(0, -1)
      .map((block) => Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2))))
      .filter((fields) => fields.event !== undefined)
      .map((fields) => ({ ...fields, data: JSON.parse(fields.data) }) as SentEvent);
  return new Promise((resolve, reject) => {
    const asking = request(url + path, { headers, agent: false }, (response) => {
      response.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      const ended = new Promise<void>((end) => response.once("close", end));
      resolve({
        status: response.statusCode!,
        get events() {
          return parsed();
        },
        text: () => text,
        until: async (wanted) =>
          (
            await until(
              async () => parsed(),
              (events) => events.some(wanted),
            )
          ).find(wanted)!,
        ended,
        leave: () => asking.destroy(),
      });
    });
    onTestFinished(() => void asking.destroy());
    asking.on("error", reject);
    asking.end();
  });
}
