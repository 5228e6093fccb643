import express, { type Express, Router } from "express";
import { measureRequests, metricsRoutes } from "../metrics/routes.js";
import { allowedHost } from "../security/allowed-host.js";
import { nothingHere, onError } from "../security/errors.js";
import { ownOrigin } from "../security/origin.js";
import { responseHeaders } from "../security/response-headers.js";
import { refuse } from "./files/refusal.js";
import { fileRoutes } from "./files/routes.js";
import { frontEnd, inlineScripts } from "./front-end.js";
import { historyRoutes } from "./history.js";
import { jobRoutes } from "./jobs.js";
import { logRoutes } from "./logs.js";
import { modelRoutes } from "./models.js";
import { objectInfoRoutes } from "./object-info.js";
import { documentRoutes } from "./openapi/routes.js";
import { routerOf } from "./operation.js";
import { promptRoutes } from "./prompt.js";
import { queueRoutes } from "./queue.js";
import { requestLimit } from "./rate-limits.js";
import { runRoutes } from "./run/routes.js";
import type { Services } from "./services.js";
import { signIn } from "./sign-in.js";
import { systemRoutes } from "./system.js";
import { v2AssetRoutes } from "./v2/assets.js";
import { v2JobRoutes } from "./v2/jobs.js";

/** Every route of the server. */
export function routesOf(services: Services) {
  const routes = {
    /** Bare and under `/api`. */
    shared: [
      ...promptRoutes(services),
      ...queueRoutes(services),
      ...historyRoutes(services),
      ...objectInfoRoutes(services),
      ...modelRoutes(services),
      ...systemRoutes(services),
      ...logRoutes(services),
      ...metricsRoutes(services),
    ],
    /** Likewise; they read bodies themselves. */
    files: fileRoutes(services),
    /** Under `/api` only: bare, `/jobs` is a page of ComfyUI's editor. */
    underApi: [...jobRoutes(services), ...v2JobRoutes(services), ...v2AssetRoutes(services), ...runRoutes(services)],
  };
  const all = Object.values(routes).flat();
  return { ...routes, underApi: [...routes.underApi, ...documentRoutes(all)] };
}

/** The HTTP side of the server: routes of ComfyUI's protocol, each bare and under `/api`. It listens to nothing. */
export function createApp(services: Services): Express {
  const { allow, frontEndRoot } = services;
  const { shared, underApi, files } = routesOf(services);
  const routes = Router().use(routerOf(shared, allow)).use(routerOf(files, allow).use(refuse));
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(
    measureRequests(services.metrics),
    allowedHost(services.isAllowedHost),
    ownOrigin,
    responseHeaders(frontEndRoot === undefined ? undefined : inlineScripts(frontEndRoot)),
  );
  if (services.behindProxy) app.set("trust proxy", "loopback");
  app.use(services.wrongTokens.middleware, signIn(services), requestLimit(services, services.requestsPerMinute));
  app.use("/api", routes, routerOf(underApi, allow).use(refuse));
  app.use(routes);
  // The editor, and which paths there are, are for those who may use them.
  app.use((request, _response, next) => {
    allow(request, "read");
    next();
  });
  app.use(frontEnd(frontEndRoot));
  app.use(nothingHere);
  app.use(
    onError((error, place) => services.log.error({ err: error, ...place }, `${place.method} ${place.path} failed`)),
  );
  return app;
}
