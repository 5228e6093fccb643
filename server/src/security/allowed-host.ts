import { hostname } from "node:os";
import type { RequestHandler } from "express";
import ipaddr from "ipaddr.js";
import { HttpProblem } from "./problem.js";

/** A `Host` header in its parts: the name in lower case, an IPv6 address without its brackets. */
interface Host {
  readonly name: string;
  readonly port: string;
}

/** Reads a `Host` header (RFC 9110 7.2); undefined for anything that a browser would not send. */
function parseHost(header: string): Host | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(header);
  const name = (found?.[1] ?? found?.[2])?.toLowerCase().replace(/\.$/, "");
  return name ? { name, port: found?.[3] ?? "" } : undefined;
}

/** Whether a name or an address can only be this machine: nobody can point it elsewhere by DNS. */
export function isLoopback(name: string): boolean {
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return ipaddr.isValid(name) && ipaddr.process(name).range() === "loopback" && !/^\d+$/.test(name);
}

/**
 * Tells whether a `Host` header names this server. A page of a stranger can make its own name resolve to 127.0.0.1
 * and read our answers as its own (DNS rebinding), but its requests carry that name. Loopback names pass with any port,
 * for a tunnel ends at a port of its own; `allowedHosts` adds names, each with a port or for every port. A server that
 * listens elsewhere (`host`) goes by this machine's name too, and by any address: nobody can point an address elsewhere.
 */
export function hostCheck({
  host: listens = "localhost",
  allowedHosts,
}: {
  readonly host?: string;
  readonly allowedHosts: readonly string[];
}): (header: string | undefined) => boolean {
  const elsewhere = !isLoopback(listens);
  const known = [...allowedHosts, ...(elsewhere && parseHost(hostname()) ? [hostname()] : [])].map((entry) => {
    const host = parseHost(entry);
    if (!host) throw new RangeError(`${JSON.stringify(entry)} is not a host: give a name, or name:port`);
    return host;
  });
  return (header) => {
    const host = header === undefined ? undefined : parseHost(header);
    if (!host) return false;
    const named = known.some(({ name, port }) => name === host.name && (port === "" || port === host.port));
    return named || isLoopback(host.name) || (elsewhere && ipaddr.isValid(host.name));
  };
}

/** Refuses requests that were meant for another name. */
export const allowedHost =
  (isAllowed: ReturnType<typeof hostCheck>): RequestHandler =>
  (request, _response, next) => {
    if (isAllowed(request.headers.host)) return next();
    throw new HttpProblem(403, "host_not_allowed", "This server is not known by that name", {
      details: "start it with --allow-host NAME if the name is yours",
    });
  };
