import { FetchRefused } from "./refused.js";

/** Ports at which browsers speak no HTTP, since other protocols answer there (https://fetch.spec.whatwg.org/#port-blocking). */
const OTHER_PROTOCOLS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

const LONGEST = 2048;

/** The port of an address, its scheme's own if it names none. */
const portOf = ({ port, protocol }: URL): number => Number(port || (protocol === "https:" ? 443 : 80));

/** A host without the brackets that IPv6 has in an address. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "");

/**
 * Reads an address that a user gave: http or https, no name and password in it, and a port at which web servers listen.
 * Other spellings of IPv4 (`0x7f.1`, `2130706433`, `0177.0.0.1`) come out as the address that they are. Throws `FetchRefused`.
 */
export function targetOf(text: string, base?: URL): URL {
  if (text.length > LONGEST) throw new FetchRefused("url", `the URL is longer than ${LONGEST} characters`);
  if (!URL.canParse(text, base?.href)) throw new FetchRefused("url", "this is not a URL; write https://host/path");
  const url = new URL(text, base);
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== "http" && scheme !== "https")
    throw new FetchRefused(
      "scheme",
      `a URL of the scheme ${JSON.stringify(scheme.slice(0, 20))}; http and https are taken`,
    );
  if (url.username !== "" || url.password !== "")
    throw new FetchRefused(
      "credentials",
      "the URL holds a name or a password; URLs are kept and shown, secrets are not",
    );
  const port = portOf(url);
  if ((port < 1024 && port !== 80 && port !== 443) || OTHER_PROTOCOLS.has(port))
    throw new FetchRefused("port", `port ${port} is not one of the web: 80, 443 or from 1024`);
  return url;
}
