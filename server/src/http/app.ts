import express, { type Express, Router } from "express";
import { allowedHost } from "../security/allowed-host.js";
import { nothingHere, onError } from "../security/errors.js";
import { ownOrigin } from "../security/origin.js";
import { responseHeaders } from "../security/response-headers.js";
import { fileRoutes } from "./files/routes.js";
import { frontEnd, inlineScripts } from "./front-end.js";
import { historyRoutes } from "./history.js";
import { jobRoutes } from "./jobs.js";
import { logRoutes } from "./logs.js";
import { modelRoutes } from "./models.js";
import { objectInfoRoutes } from "./object-info.js";
import { promptRoutes } from "./prompt.js";
import { queueRoutes } from "./queue.js";
import type { Services } from "./services.js";
import { systemRoutes } from "./system.js";

/** The HTTP side of the server: routes of ComfyUI's protocol, each bare and under `/api`. It listens to nothing. */
export function createApp(services: Services): Express {
  const routes = Router()
    .use(promptRoutes(services))
    .use(queueRoutes(services))
    .use(historyRoutes(services))
    .use(objectInfoRoutes(services))
    .use(modelRoutes(services))
    .use(systemRoutes(services))
    .use(logRoutes(services))
    .use(fileRoutes(services));
  const { frontEndRoot } = services;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.use(
    allowedHost(services.isAllowedHost),
    ownOrigin,
    responseHeaders(frontEndRoot === undefined ? undefined : inlineScripts(frontEndRoot)),
  );
  // ComfyUI has this one under `/api` only: bare, `/jobs` is the frontend's.
  app.use("/api", routes, jobRoutes(services));
  app.use(routes);
  app.use(frontEnd(frontEndRoot));
  app.use(nothingHere);
  app.use(
    onError((error, place) => services.log.error({ err: error, ...place }, `${place.method} ${place.path} failed`)),
  );
  return app;
}
