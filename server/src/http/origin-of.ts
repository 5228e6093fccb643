import type { Request } from "express";

/** How a client reached this server, without a path; the `Host` was checked before any route. */
export const originOf = (request: Request): string => `${request.protocol}://${request.headers.host ?? "localhost"}`;
