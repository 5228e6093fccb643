import { type Agent, request as httpRequest } from "node:http";
import { expect } from "vitest";
import type { TestServer } from "../serve/server.js";
import { seed } from "./random.js";

/** A request that may be anything. */
export interface Case {
  readonly path: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request's answer. Rejects when none comes. */
function post(
  { url }: TestServer,
  agent: Agent,
  { path, body, headers }: Case,
): Promise<[status: number, text: string]> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(url + path, { method: "POST", agent, headers, timeout: 60_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve([response.statusCode!, Buffer.concat(chunks).toString()]));
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer in a minute")));
    asked.on("error", reject);
    asked.end(body);
  });
}

/** What is wrong with an answer to a request that nobody should have sent, if anything. */
function fault(status: number, text: string): string | undefined {
  if (status < 200 || status >= 500 || (status >= 300 && status < 400)) return `the status is ${status}`;
  if (/node_modules|\bat .*\.js:\d+|\/dist\//.test(text)) return "a stack is told";
  if (status < 300) return undefined;
  // Comfy API v2 calls it a code.
  const { error } = JSON.parse(text);
  return typeof (error?.type ?? error?.code) === "string" && error.message.length > 0
    ? undefined
    : "there is no reason";
}

/** Sends the requests of all numbers below `count`, some at once, and fails with the first that is not dealt with well. */
export async function sendAll(
  server: TestServer,
  agent: Agent,
  count: number,
  caseOf: (index: number) => Case,
  after: (index: number) => Promise<unknown> = async () => {},
): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  let [next, slowest] = [0, [0, 0] as readonly [ms: number, index: number]];
  const client = async () => {
    while (next < count) {
      const index = next++;
      const one = caseOf(index);
      const asked = performance.now();
      const about = () =>
        `case ${index} of seed ${seed}, ${one.path} ${JSON.stringify(one.headers)}: ${one.body.toString().slice(0, 1500)}\n${server.said().slice(-3000)}`;
      const [status, text] = await post(server, agent, one).catch((cause) => {
        throw new Error(`${cause.message}: ${about()}`, { cause });
      });
      const wrong = fault(status, text);
      if (wrong) expect.fail(`${wrong}: ${text.slice(0, 1000)}\n${about()}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const took = performance.now() - asked;
      if (took > slowest[0]) slowest = [took, index];
      await after(index);
    }
  };
  await Promise.all(Array.from({ length: agent.maxSockets }, client));
  const [ms, index] = slowest;
  console.log(`faults: ${JSON.stringify(Object.fromEntries(statuses))}; slowest ${ms.toFixed()} ms, case ${index}`);
  return statuses;
}
