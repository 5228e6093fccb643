import type { IncomingMessage } from "node:http";

/** A token that a request brings, and how. */
export interface Credential {
  readonly how: "bearer" | "basic" | "query" | "cookie";
  readonly token: string;
}

/** The cookie that stands for a token, once it was given. */
export const COOKIE = "mezzotint";

/** No token is longer. */
const LONGEST = 512;

/**
 * The token of a request: as Bearer (RFC 6750), as the password of Basic (RFC 7617; the name does not matter), as `?token=`,
 * or as our cookie, the first of these that is there.
 */
export function credentialOf({ headers, url = "" }: Pick<IncomingMessage, "headers" | "url">): Credential | undefined {
  const found = fromHeader(headers.authorization) ?? fromQuery(url) ?? fromCookie(headers.cookie);
  return found && found.token !== "" && found.token.length <= LONGEST ? found : undefined;
}

function fromHeader(header = ""): Credential | undefined {
  const [, scheme = "", value = ""] = /^(bearer|basic) +(\S+)$/i.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return { how: "bearer", token: value };
    case "basic":
      return {
        how: "basic",
        token: Buffer.from(value, "base64")
          .toString()
          .replace(/^[^:]*:?/, ""),
      };
    default:
      return undefined;
  }
}

function fromQuery(url: string): Credential | undefined {
  const token = new URLSearchParams(url.split("?", 2)[1]).get("token");
  return token === null ? undefined : { how: "query", token };
}

function fromCookie(header = ""): Credential | undefined {
  const [, token] = /(?:^|;)\s*mezzotint=([\w-]*)/.exec(header) ?? [];
  return token === undefined ? undefined : { how: "cookie", token };
}

/** An address on this server without its `token`. What begins with two slashes would be another server's. */
export function withoutToken(url: string): string {
  const [path = "", query = ""] = url.replace(/^[/\\]+/, "/").split("?", 2);
  const kept = query.split("&").filter((part) => part !== "" && !/^token(=|$)/.test(part));
  return kept.length === 0 ? path : `${path}?${kept.join("&")}`;
}
