import type { RequestHandler } from "express";
import { ipKeyGenerator, rateLimit } from "express-rate-limit";
import type { Recognition } from "../security/identity.js";
import { HttpProblem } from "../security/problem.js";

const MINUTE = 60_000;
/** Wrong tokens from one address in a minute. They cannot be guessed, but trying should not be free either. */
const WRONG_TOKENS = 30;

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

/** Refuses whoever brings wrong tokens again and again. Who brings a good one, or none, is not counted. */
export const wrongTokenLimit = ({ recognise }: Pick<Recognition, "recognise">): RequestHandler =>
  rateLimit({
    windowMs: MINUTE,
    limit: WRONG_TOKENS,
    legacyHeaders: false,
    keyGenerator: ({ ip = "" }) => ipKeyGenerator(ip),
    skip: (request) => {
      const { identity, credential } = recognise(request);
      // A cookie that ran out is no attempt.
      return identity !== undefined || credential === undefined || credential.how === "cookie";
    },
    handler: refuse("too_many_wrong_tokens", "Too many wrong tokens came from this address"),
  });

/** Refuses what one token asks for beyond so many requests a minute. Where nobody needs a token there is no limit. */
export const requestLimit = ({ recognise }: Pick<Recognition, "recognise">, perMinute: number): RequestHandler =>
  rateLimit({
    windowMs: MINUTE,
    limit: perMinute,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    keyGenerator: (request) => recognise(request).identity?.token ?? "",
    skip: (request) => perMinute === 0 || recognise(request).identity?.token === undefined,
    handler: refuse("too_many_requests", "Too many requests came with this token"),
  });
