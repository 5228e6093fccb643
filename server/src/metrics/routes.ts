import type { RequestHandler } from "express";
import { z } from "zod";
import { type Route, route } from "../http/operation.js";
import type { Metrics } from "./metrics.js";

/** `/metrics`: figures for Prometheus. */
export function metricsRoutes({ metrics }: { readonly metrics: Pick<Metrics, "text"> }): readonly Route[] {
  return [
    route(
      {
        method: "get",
        path: "/metrics",
        scope: "read",
        tag: "Server",
        summary: "Figures for Prometheus",
        description: "Counts of all users' jobs; nothing of a job itself.",
        answers: { 200: { description: "The figures", content: { schema: z.string(), type: "text/plain" } } },
      },
      async (_request, response) => {
        const { type, text } = await metrics.text();
        response.set("Content-Type", type).send(text);
      },
    ),
  ];
}

/** Measures every request that a route answers, and those that none did as one. */
export const measureRequests =
  ({ request: count }: Pick<Metrics, "request">): RequestHandler =>
  (request, response, next) => {
    const start = performance.now();
    response.once("finish", () => {
      const { route: path } = response.locals;
      count(
        request.method,
        typeof path === "string" ? path : "none",
        response.statusCode,
        (performance.now() - start) / 1000,
      );
    });
    next();
  };
