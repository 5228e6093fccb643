import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { root, sharedData, temporaryFolder } from "../command.js";

const executable = join(root, "server/bin/mezzotint.js");

/** The nodes of fixtures/pack.mjs, for a server to load. */
export const testPack: readonly string[] = ["--pack", join(import.meta.dirname, "fixtures/pack.mjs")];

/** A server as a process of its own. */
export interface TestServer {
  readonly url: string;
  readonly data: string;
  readonly pid: number;
  /** What it wrote up to now. */
  readonly said: () => string;
  /** Sends a signal, and waits for the end; the exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
}

/** A data directory that is gone after the test. Compiled models are shared with other tests. */
export function dataFolder(): string {
  const data = temporaryFolder();
  const compiled = join(sharedData, "cache");
  mkdirSync(compiled, { recursive: true });
  symlinkSync(compiled, join(data, "cache"));
  return data;
}

/** Starts a server on a port of its own; it is gone after the test. */
export async function startServer(
  args: readonly string[] = [],
  { data = dataFolder(), env = {} }: { readonly data?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<TestServer> {
  const child = spawn(process.execPath, [executable, "serve", "--port", "0", "--data", data, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk;
      const found = /listens on (http:\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then((code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  onTestFinished(() => void end("SIGKILL"));
  return { url, data, pid: child.pid!, said: () => said, end };
}

/** An answer, its body as JSON where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly json: any;
}

/** What a request may carry. A body that is no text is sent as JSON; headers are sent as they are, `Host` too. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Asks a server, as a program would: `fetch` would not let a test send any header it likes. */
export function ask({ url }: { readonly url: string }, path: string, asking: Asking = {}): Promise<Answer> {
  const { body, headers = {} } = asking;
  const { method = body === undefined ? "GET" : "POST" } = asking;
  const text = body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const whole = Buffer.concat(chunks).toString();
        const isJson = response.headers["content-type"]?.startsWith("application/json") ?? false;
        const json = isJson && whole !== "" ? JSON.parse(whole) : undefined;
        resolve({ status: response.statusCode!, headers: response.headers, text: whole, json });
      });
    });
    request.on("error", reject);
    request.end(text);
  });
}

/** Asks until an answer is as wanted; fails with the last one after half a minute, or as many seconds. */
export async function until<T>(question: () => Promise<T>, wanted: (answer: T) => boolean, seconds = 30): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await question();
    if (wanted(answer)) return answer;
    if (performance.now() > end) throw new Error(`still not as wanted: ${JSON.stringify(answer)?.slice(0, 2000)}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** Submits a prompt of API form; the job's id. */
export async function submit(server: TestServer, prompt: object, more: object = {}): Promise<string> {
  const { status, json, text } = await ask(server, "/prompt", { body: { prompt, ...more } });
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return json.prompt_id;
}

/** A job's entry in the history, once it is there. */
export async function entryOf(server: TestServer, id: string) {
  const { json } = await until(
    () => ask(server, `/history/${id}`),
    (answer) => answer.json?.[id] !== undefined,
  );
  return json[id];
}

/** A prompt that shows a text, and takes no time. */
export const showText = (text: string) => ({
  1: { class_type: "PrimitiveString", inputs: { value: text } },
  2: { class_type: "PreviewAny", inputs: { source: ["1", 0] } },
});
