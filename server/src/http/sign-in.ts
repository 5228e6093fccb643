import type { Request, RequestHandler, Response } from "express";
import { COOKIE, type Credential, withoutToken } from "../security/credentials.js";
import type { Recognition } from "../security/identity.js";
import { HttpProblem } from "../security/problem.js";

/** Seconds that a browser keeps the cookie; the token may end earlier. */
const COOKIE_AGE = 30 * 24 * 3600;

/**
 * Turns a token that a browser brings once, as `?token=` or typed into its dialog, into a cookie: pages can put neither into
 * what they load, nor into a WebSocket. The cookie is not for scripts, and is not sent for pages of other sites.
 */
export const signIn =
  ({ recognise }: Pick<Recognition, "recognise">): RequestHandler =>
  (request, response, next) => {
    const { identity, credential } = recognise(request);
    const { method, headers, url } = request;
    const good = identity?.token !== undefined && credential !== undefined;
    if (credential?.how === "query") {
      // A link on somebody's page must not sign its reader in as somebody else.
      if (good && headers["sec-fetch-site"] === "cross-site")
        throw new HttpProblem(403, "foreign_origin", "Pages of other sites may not sign anybody in here", {
          details: "paste the address into the browser's address bar",
        });
      request.url = withoutToken(url);
    }
    if (good && credential.how !== "cookie" && method === "GET" && wantsPage(request)) {
      keep(request, response, credential);
      if (credential.how === "query") return response.redirect(303, withoutToken(request.originalUrl));
    } else if (credential?.how === "query" && good) keep(request, response, credential);
    else if (credential?.how === "cookie" && !good) response.clearCookie(COOKIE);
    next();
  };

const wantsPage = ({ headers }: Request): boolean => headers.accept?.includes("text/html") ?? false;

function keep({ secure }: Request, response: Response, { token }: Credential): void {
  response.cookie(COOKIE, token, { httpOnly: true, sameSite: "lax", secure, path: "/", maxAge: COOKIE_AGE * 1000 });
  response.set("Cache-Control", "no-store");
}
