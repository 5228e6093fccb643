import { z } from "zod";
import { recordBody, textBody } from "../security/body.js";
import { HttpProblem } from "../security/problem.js";
import { jsonAnswer, type Route, route } from "./operation.js";
import type { Services } from "./services.js";

/** The terminal that ComfyUI's console draws the lines on. */
const SIZE = { cols: 120, rows: 40 };

const Lines = z.object({
  entries: z.array(z.object({ t: z.string(), m: z.string() })),
  size: z.object({ cols: z.int(), rows: z.int() }),
});
const Subscription = z.object({ clientId: z.string().max(128), enabled: z.boolean() });

/** The server's last log lines, and who wants to hear the next ones. They tell of everybody's jobs. */
export function logRoutes({ log, watchLog, userOf }: Pick<Services, "log" | "watchLog" | "userOf">): readonly Route[] {
  const about = { scope: "admin", tag: "Server" } as const;
  return [
    route(
      {
        ...about,
        method: "get",
        path: "/internal/logs",
        summary: "The last log lines",
        answers: { 200: jsonAnswer("One text", z.string()) },
      },
      (_request, response) => {
        const lines = log.recent().map(({ t, m }) => `${t} - ${m}`);
        response.json(lines.join(""));
      },
    ),
    route(
      {
        ...about,
        method: "get",
        path: "/internal/logs/raw",
        summary: "The last log lines, one by one",
        answers: { 200: jsonAnswer("The lines", Lines) },
      },
      (_request, response) => {
        response.json({ entries: log.recent(), size: SIZE });
      },
    ),
    route(
      {
        ...about,
        method: "patch",
        path: "/internal/logs/subscribe",
        summary: "Send a client's WebSocket new log lines, or no more",
        body: { schema: Subscription },
        answers: { 200: jsonAnswer("Done", z.object({})) },
      },
      textBody,
      (request, response) => {
        const { success, data } = Subscription.safeParse(recordBody(request));
        if (!success)
          throw new HttpProblem(400, "invalid_request", 'The body is {"clientId": …, "enabled": true or false}');
        watchLog(userOf(request), data.clientId, data.enabled);
        response.json({});
      },
    ),
  ];
}
