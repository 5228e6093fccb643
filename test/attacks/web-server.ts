import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A web server of somebody else's on this machine, gone after the test. */
export interface WebServer {
  readonly port: number;
  readonly url: string;
  /** What it was asked, in order. */
  readonly asked: readonly string[];
}

/** Starts one; by default it says `secret` to whoever asks. */
export async function webServer(
  listener: RequestListener = (_request, response) => response.end("secret"),
): Promise<WebServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.on("error", () => undefined);
    listener(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}`, asked };
}
