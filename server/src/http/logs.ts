import { Router } from "express";
import { recordBody, textBody } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";
import type { Services } from "./services.js";

/** The terminal that ComfyUI's console draws the lines on. */
const SIZE = { cols: 120, rows: 40 };

/** The server's last log lines, and who wants to hear the next ones. */
export function logRoutes({ log, watchLog, userOf }: Pick<Services, "log" | "watchLog" | "userOf">): Router {
  return Router()
    .get("/internal/logs", (_request, response) => {
      const lines = log.recent().map(({ t, m }) => `${t} - ${m}`);
      response.json(lines.join(""));
    })
    .get("/internal/logs/raw", (_request, response) => {
      response.json({ entries: log.recent(), size: SIZE });
    })
    .patch("/internal/logs/subscribe", textBody, (request, response) => {
      const { clientId, enabled } = recordBody(request);
      if (typeof clientId !== "string" || clientId.length > 128 || typeof enabled !== "boolean")
        throw new HttpProblem(400, "invalid_request", 'The body is {"clientId": …, "enabled": true or false}');
      watchLog(userOf(request), clientId, enabled);
      response.json({});
    });
}
