import { lookup } from "node:dns/promises";
import http, { type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Transform } from "node:stream";
import { mayReach } from "./public-address.js";
import { FetchRefused } from "./refused.js";
import { hostOf, targetOf } from "./target.js";

/** Which servers may be asked, and how their names are resolved. */
export interface FetchPolicy {
  /** Addresses of the operator's own networks too. */
  readonly privateToo: boolean;
  /** All addresses of a name; the system's resolver by default. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/** A request on a user's behalf. */
export interface FetchOptions {
  readonly method?: "GET" | "POST";
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  /** Milliseconds from the first look at the name to the last byte. */
  readonly timeout: number;
  /** Bytes of the answer's body. */
  readonly limit: number;
  /** How many redirects are followed; each is checked like the first address. */
  readonly redirects: number;
}

/** What came back. The body fails with `FetchRefused` when it is too large or takes too long; whoever drops it destroys it. */
export interface Fetched {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Transform;
  /** Where it came from, after redirects. */
  readonly url: URL;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const systemNames = async (name: string): Promise<readonly string[]> =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * Asks a server whose address a user gave. The name is resolved once, all that it stands for is checked, and the
 * connection goes to what was checked: a name that is changed meanwhile (DNS rebinding) changes nothing. No credentials
 * or cookies of ours, no proxy, no shared connections. Throws `FetchRefused`.
 */
export async function guardedFetch(text: string, options: FetchOptions, policy: FetchPolicy): Promise<Fetched> {
  const deadline = AbortSignal.timeout(options.timeout);
  let url = targetOf(text);
  for (let followed = 0; ; followed++) {
    const response = await ask(url, options, policy, deadline);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (options.redirects === 0 || !REDIRECTS.has(status) || location === undefined)
      return { status, headers: response.headers, body: bodyOf(response, options.limit, deadline), url };
    response.destroy();
    if (followed === options.redirects)
      throw new FetchRefused("redirects", `there were more than ${options.redirects} redirects`);
    const next = targetOf(location, url);
    if (url.protocol === "https:" && next.protocol === "http:")
      throw new FetchRefused("redirects", "a redirect leads from https to http");
    url = next;
  }
}

async function ask(
  url: URL,
  options: FetchOptions,
  policy: FetchPolicy,
  deadline: AbortSignal,
): Promise<IncomingMessage> {
  const addresses = await inTime(addressesOf(hostOf(url), policy), deadline);
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  // Node asks this for names only, and takes what it says; an address in the URL itself is what was just checked.
  const checked: LookupFunction = (_name, { all }, answer) =>
    all ? answer(null, found) : answer(null, found[0]!.address, found[0]!.family);
  const { method = "GET", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(url, {
      method,
      headers: { ...headers, "accept-encoding": "identity", connection: "close" },
      agent: false,
      lookup: checked,
      maxHeaderSize: 16 * 1024,
      signal: deadline,
    });
    request.once("response", resolve);
    request.on("error", (cause) => reject(refusedBy(cause, deadline)));
    request.end(body);
  });
}

/** The addresses of a host, all of which may be asked: one that may not makes the name suspect. */
async function addressesOf(
  host: string,
  { privateToo, resolve = systemNames }: FetchPolicy,
): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolve(host).catch(noSuchName) : [host];
  if (addresses.length === 0) throw noSuchName();
  if (!addresses.every((address) => mayReach(address, privateToo)))
    throw new FetchRefused("address", "the URL leads to an address that is not on the public internet");
  return addresses;
}

function noSuchName(cause?: unknown): never {
  throw new FetchRefused("name", "the name in the URL is not known", cause);
}

/** The body as it comes, to a limit. What is compressed is refused: it was not asked for, and could unpack to anything. */
function bodyOf(response: IncomingMessage, limit: number, deadline: AbortSignal): Transform {
  const large = () => new FetchRefused("too_large", `the answer is larger than ${limit} bytes`);
  let bytes = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limit) done(large());
      else done(null, chunk);
    },
  });
  const { "content-encoding": encoding = "identity", "content-length": length } = response.headers;
  // It may fail before anybody reads it; whoever reads it still gets the error.
  body.on("error", () => undefined);
  body.once("close", () => response.destroy());
  response.on("error", (cause) => body.destroy(refusedBy(cause, deadline)));
  if (encoding !== "identity") body.destroy(new FetchRefused("encoded", "the answer is compressed"));
  else if (Number(length ?? 0) > limit) body.destroy(large());
  else response.pipe(body);
  return body;
}

const tooSlow = () => new FetchRefused("timeout", "the server did not answer in time");

const refusedBy = (cause: Error, deadline: AbortSignal): FetchRefused =>
  deadline.aborted
    ? tooSlow()
    : new FetchRefused("connection", "the server did not answer as a web server does", cause);

async function inTime<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  let late: (() => void) | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    late = () => reject(tooSlow());
    deadline.addEventListener("abort", late, { once: true });
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    deadline.removeEventListener("abort", late!);
  }
}
