import { type Request, type RequestHandler, Router } from "express";
import type { z } from "zod";
import type { Scope } from "../security/scope.js";

/** What a request carries: JSON unless another type is said. */
export interface Content {
  readonly schema: z.ZodType;
  readonly type?: string;
}

/** One of the answers of a route. */
export interface Answer {
  readonly description: string;
  /** Absent: the answer has no body, or none that a schema describes. */
  readonly content?: Content;
}

/** An answer without a body, or with one that no schema describes. */
export const answer = (description: string): Answer => ({ description });

/** An answer in JSON. */
export const jsonAnswer = (description: string, schema: z.ZodType): Answer => ({ description, content: { schema } });

/** A route as plain data: what guards it, and what the OpenAPI document says of it. */
export interface Operation<Path extends string = string> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As express reads it, e.g. `/jobs/:id`. */
  readonly path: Path;
  /** `public`: answered without a token wherever the server listens. */
  readonly scope: Scope | "public";
  /** One line, for the list of routes. */
  readonly summary: string;
  /** What more there is to know, in Markdown. */
  readonly description?: string;
  /** The heading under which the document lists it. */
  readonly tag: string;
  /** Of the path and of the query: objects of texts. The same schemas read the request. */
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: Content;
  /** By status; errors that every route may give (400, 401, 403, 404, 429, 500) are added by the document. */
  readonly answers: Readonly<Record<number, Answer>>;
}

/** An operation with what answers it. */
export interface Route {
  readonly operation: Operation;
  readonly handlers: readonly RequestHandler[];
}

/** Declares a route: its operation and its handlers stand together, so that neither is forgotten. */
export const route = <const Path extends string>(
  operation: Operation<Path>,
  ...handlers: readonly RequestHandler<ParamsOf<Path>>[]
): Route => ({ operation, handlers: handlers as readonly RequestHandler[] });

/** The `:names` of a path, each a text. */
type ParamsOf<Path extends string> = { readonly [Name in NamesIn<Path>]: string };

type NamesIn<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | NamesIn<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** A router of routes; `allow` throws where a request's token does not have the scope that a route needs. */
export function routerOf(routes: readonly Route[], allow: (request: Request, scope: Scope) => void): Router {
  const router = Router();
  for (const { operation, handlers } of routes) {
    const { method, path, scope } = operation;
    const guard: RequestHandler = (request, response, next) => {
      // For whoever counts requests: paths themselves are as many as clients like.
      response.locals.route = path;
      if (scope !== "public") allow(request, scope);
      next();
    };
    router[method](path, guard, ...handlers);
  }
  return router;
}
