import type { Request, Response } from "express";
import type { Recognition } from "../security/identity.js";

/** Milliseconds in which a token that was revoked, or has ended, ends what goes on with it. */
export const TOKEN_CHECK = 1000;

/** Breaks an answer off that goes on for long, once its token is no longer good. */
export function endWithToken(request: Request, response: Response, { holds }: Pick<Recognition, "holds">): void {
  const check = setInterval(() => {
    if (!holds(request)) response.destroy();
  }, TOKEN_CHECK).unref();
  response.once("close", () => clearInterval(check));
}
