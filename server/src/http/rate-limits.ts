import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import { ipKeyGenerator, MemoryStore, rateLimit } from "express-rate-limit";
import type { Recognition } from "../security/identity.js";
import { HttpProblem } from "../security/problem.js";

const MINUTE = 60_000;
/** Wrong tokens from one address in a minute. They cannot be guessed, but trying should not be free either. */
const WRONG_TOKENS = 30;
/** A cookie that ran out comes with whatever a page loads, until the browser hears that it is void. */
const WRONG_COOKIES = 300;

const refuse =
  (type: string, message: string): RequestHandler =>
  (_request, response, next) => {
    const seconds = String(response.getHeader("Retry-After") ?? 60);
    next(
      new HttpProblem(429, type, message, {
        details: `try again in ${seconds} seconds`,
        headers: { "Retry-After": seconds },
      }),
    );
  };

type Recognises = Pick<Recognition, "recognise">;

/** Counts wrong tokens by address, in requests and in sockets. Who brings a good one, or none, is never held up. */
export interface WrongTokens {
  readonly middleware: RequestHandler;
  /** Counts the wrong token of a socket; whether there were too many before it. */
  readonly ofSocket: (request: IncomingMessage) => boolean;
}

/** Starts counting. */
export function wrongTokens({ recognise }: Recognises): WrongTokens {
  const store = new MemoryStore();
  const keyOf = (request: IncomingMessage, address: string): string =>
    `${recognise(request).credential?.how === "cookie" ? "cookie " : ""}${address}`;
  const isWrong = (request: IncomingMessage): boolean => {
    const { identity, credential } = recognise(request);
    return identity === undefined && credential !== undefined;
  };
  const most = (request: IncomingMessage): number =>
    recognise(request).credential?.how === "cookie" ? WRONG_COOKIES : WRONG_TOKENS;

  const middleware = rateLimit({
    windowMs: MINUTE,
    limit: most,
    store,
    legacyHeaders: false,
    keyGenerator: (request) => keyOf(request, ipKeyGenerator(request.ip ?? "")),
    skip: (request) => !isWrong(request),
    handler: refuse("too_many_wrong_tokens", "Too many wrong tokens came from this address"),
  });
  /** Who must wait. The store answers later, and a socket is let in or refused at once. */
  const over = new Set<string>();
  const count = async (key: string, limit: number): Promise<void> => {
    const { totalHits, resetTime } = await store.increment(key);
    if (totalHits < limit || over.has(key)) return;
    over.add(key);
    setTimeout(() => over.delete(key), (resetTime?.getTime() ?? Date.now() + MINUTE) - Date.now()).unref();
  };
  return {
    middleware,
    ofSocket: (request) => {
      if (!isWrong(request)) return false;
      // Behind a proxy all sockets come from its address: then all wrong tokens count together.
      const key = keyOf(request, ipKeyGenerator(request.socket.remoteAddress ?? ""));
      void count(key, most(request));
      return over.has(key);
    },
  };
}

/** Refuses what one token asks for beyond so many requests a minute. Where nobody needs a token there is no limit. */
export const requestLimit = ({ recognise }: Recognises, perMinute: number): RequestHandler =>
  rateLimit({
    windowMs: MINUTE,
    limit: perMinute,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    keyGenerator: (request) => recognise(request).identity?.token ?? "",
    skip: (request) => perMinute === 0 || recognise(request).identity?.token === undefined,
    handler: refuse("too_many_requests", "Too many requests came with this token"),
  });
