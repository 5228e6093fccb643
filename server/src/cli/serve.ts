import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { EXIT, type ExitCode, Failure, messageOf } from "../failure.js";
import { openLog } from "../log.js";
import { type Places, places } from "../places.js";
import { isLoopback } from "../security/allowed-host.js";
import { targetOf } from "../security/fetch/target.js";
import { startServer } from "../serve.js";
import { openTokens } from "../tokens/token-folder.js";
import { onInterrupt } from "./interrupt.js";

/** Options of `serve`, as commander gives them. */
export interface ServeCommandOptions {
  readonly port: string;
  readonly listen: string;
  readonly workers: string;
  readonly jobs: string;
  readonly maxQueue: string;
  readonly data?: string;
  readonly input?: string;
  readonly output?: string;
  readonly modelPaths?: readonly string[];
  readonly pack?: readonly string[];
  readonly frontEndRoot?: string;
  readonly allowHost?: readonly string[];
  readonly compat?: string;
  readonly durable?: boolean;
  /** False with `--no-auth`. */
  readonly auth: boolean;
  readonly rateLimit: string;
  readonly behindProxy?: boolean;
  readonly webhook?: string;
  readonly allowPrivateUrls?: boolean;
}

/** Milliseconds that running jobs may take to end when the server is asked to stop; then they wait for the next start. */
const GRACE = 5000;

/** `mezzotint serve`: runs the server until it is interrupted. */
export async function serveCommand(options: ServeCommandOptions): Promise<ExitCode> {
  const { listen, pack = [], allowHost = [], compat, durable = false, auth, behindProxy = false } = options;
  const where = placesOf(options);
  const tokens = openTokens(where.data).any();
  if (!isLoopback(listen)) guarded(listen, { tokens, auth });
  const frontEndRoot = options.frontEndRoot === undefined ? undefined : frontEnd(options.frontEndRoot);
  const server = await startServer({
    host: listen,
    port: count("--port", options.port, 0, 65_535),
    workers: count("--workers", options.workers, 1, 64),
    maxQueued: count("--max-queue", options.maxQueue, 1, 100_000),
    jobsPerWorker: count("--jobs", options.jobs, 1, 64),
    places: where,
    localPacks: pack.map((path) => resolve(path)),
    allowedHosts: allowHost,
    durable,
    auth,
    requestsPerMinute: count("--rate-limit", options.rateLimit, 0, 999_999),
    behindProxy,
    allowPrivateUrls: options.allowPrivateUrls ?? false,
    ...(options.webhook !== undefined && { webhook: webhookUrl(options.webhook) }),
    ...webhookSecret(),
    log: openLog({ terminal: process.stderr.isTTY ?? false }),
    ...(frontEndRoot !== undefined && { frontEndRoot }),
    ...(compat !== undefined && { compat }),
  });
  console.log(`Mezzotint listens on ${server.url}`);
  if (tokens && auth)
    console.log(
      `open ${server.url}/?token=TOKEN once in a browser; programs send it as Bearer, or as Basic's password`,
    );
  await new Promise<void>((stop) => {
    onInterrupt(stop);
  });
  await server.close(GRACE);
  return EXIT.done;
}

/** All in the data directory, unless the user wants it elsewhere. */
function placesOf({ data, input, output, modelPaths }: ServeCommandOptions): Places {
  const where = places({
    ...(data !== undefined && { data }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(modelPaths !== undefined && { modelPaths }),
  });
  return output === undefined ? { ...where, output: join(where.data, "output") } : where;
}

/** Refuses to listen where strangers are, unless they are asked for a token. */
function guarded(host: string, { tokens, auth }: { readonly tokens: boolean; readonly auth: boolean }): void {
  const why = `--listen ${host} is refused: whoever reaches this server could run workflows and read what they make`;
  if (!auth) throw new Failure(`${why}; --no-auth is for loopback addresses (127.0.0.1, ::1) only`);
  if (tokens) return;
  const tunnel = "or reach it from another machine through a tunnel: ssh -L 8188:localhost:8188 THIS_MACHINE";
  throw new Failure(`${why}; make a token first (mezzotint token create), ${tunnel}`);
}

function webhookUrl(text: string): string {
  try {
    return targetOf(text).href;
  } catch (cause) {
    throw new Failure(`--webhook ${text} is not usable: ${messageOf(cause)}`, { cause });
  }
}

/** From the environment: what stands on a command line, everybody on the machine can read. */
function webhookSecret(): { webhookSecret?: string } {
  const secret = process.env.MEZZOTINT_WEBHOOK_SECRET;
  if (secret === undefined || secret === "") return {};
  if (secret.length >= 8) return { webhookSecret: secret };
  throw new Failure("$MEZZOTINT_WEBHOOK_SECRET is shorter than 8 characters: it could be guessed");
}

function count(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Failure(`${name} ${text} is not usable: it is a whole number from ${least} to ${most}`);
}

function frontEnd(folder: string): string {
  const root = resolve(folder);
  if (statSync(join(root, "index.html"), { throwIfNoEntry: false })?.isFile()) return root;
  const where = "the static folder of the Python package comfyui-frontend-package has one";
  throw new Failure(`--front-end-root ${folder} holds no built editor: there is no index.html (${where})`);
}
