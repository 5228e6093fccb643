import { z } from "zod";
import { jsonAnswer, type Route, route } from "../operation.js";
import type { OpenApiDocument } from "./document.js";

/** The description of all routes, these included: for programs, and for people. `others` are the routes besides. */
export function documentRoutes(others: readonly Route[]): readonly Route[] {
  let made: Promise<OpenApiDocument> | undefined;
  const document = (): Promise<OpenApiDocument> => {
    made ??= import("./document.js").then(({ openApiDocument }) => openApiDocument([...others, ...own]));
    return made;
  };
  const about = { method: "get", scope: "read", tag: "Server" } as const;
  const own: readonly Route[] = [
    route(
      {
        ...about,
        path: "/openapi.json",
        summary: "This description, as OpenAPI 3.1",
        answers: { 200: jsonAnswer("The document", z.looseObject({ openapi: z.string() })) },
      },
      async (_request, response) => void response.json(await document()),
    ),
    route(
      {
        ...about,
        path: "/docs",
        summary: "This description, as a page",
        answers: { 200: { description: "The page", content: { schema: z.string(), type: "text/html" } } },
      },
      async ({ headers }, response) => {
        const { page, policy } = await import("./page.js");
        const server = `http://${headers.host}`;
        response
          .set("Content-Security-Policy", policy)
          .type("html")
          .send(page(await document(), server));
      },
    ),
  ];
  return own;
}
