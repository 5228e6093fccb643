import { EXIT, type ExitCode, Failure } from "../failure.js";
import { places } from "../places.js";
import type { Scope } from "../security/scope.js";
import { type TokenRecord, UserName } from "../tokens/token.js";
import { openTokens } from "../tokens/token-folder.js";

interface Common {
  readonly data?: string;
  readonly json?: boolean;
}

/** Options of `token create`, as commander gives them. */
export interface CreateTokenOptions extends Common {
  readonly user: string;
  readonly scope: Scope;
  readonly label: string;
  readonly expires?: string;
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

const tokensOf = ({ data }: Common) => openTokens(places(data === undefined ? {} : { data }).data);

/** What is told of a token. */
const shown = ({ sha256: _, ...rest }: TokenRecord) => rest;

/** `mezzotint token create`: prints the token, the only time that it can be seen. */
export async function createToken({ user, scope, label, expires, ...common }: CreateTokenOptions): Promise<ExitCode> {
  const tokens = tokensOf(common);
  const first = !tokens.any();
  const name = UserName.safeParse(user);
  if (!name.success) throw new Failure(`--user ${JSON.stringify(user)} ${name.error.issues[0]?.message}`);
  if (label.length > 100) throw new Failure(`--label has ${label.length} characters (at most 100)`);
  const expiresAt = expires === undefined ? undefined : Date.now() + readSpan(expires);
  const { text, record } = await tokens.create({ user, scope, label, ...(expiresAt !== undefined && { expiresAt }) });
  console.log(common.json ? JSON.stringify({ token: text, ...shown(record) }) : text);
  if (common.json) return EXIT.done;
  console.error(`This is the token of ${user}, scope ${scope}, id ${record.id}. It is shown this once.`);
  if (first)
    console.error(
      "From now on servers of this data directory ask everybody for a token; on loopback, `serve --no-auth` does not.",
    );
  return EXIT.done;
}

/** `mezzotint token list`. */
export async function listTokens(options: Common): Promise<ExitCode> {
  const tokens = tokensOf(options).list();
  for (const token of tokens) console.log(options.json ? JSON.stringify(shown(token)) : lineOf(token));
  if (tokens.length === 0 && !options.json)
    console.error("There are no tokens: servers listen on loopback, and ask nobody.");
  return EXIT.done;
}

/** `mezzotint token revoke`. */
export async function revokeTokens(ids: readonly string[], options: Common): Promise<ExitCode> {
  const tokens = tokensOf(options);
  const known = new Set(tokens.list().map(({ id }) => id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0)
    throw new Failure(`there is no token ${unknown.join(", ")}; \`mezzotint token list\` shows them`);
  for (const id of ids) await tokens.revoke(id);
  if (!tokens.any()) console.error("No token is left: servers on loopback ask nobody now, others let nobody in.");
  return EXIT.done;
}

function lineOf({ id, user, scope, label, createdAt, expiresAt }: TokenRecord): string {
  const made = `made ${dayOf(createdAt)}`;
  const ends = expiresAt === undefined ? "" : `, ${expiresAt < Date.now() ? "ended" : "ends"} ${dayOf(expiresAt)}`;
  return `${id}  ${user}  ${scope.padEnd(5)}  ${made}${ends}${label === "" ? "" : `  ${JSON.stringify(label)}`}`;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function readSpan(text: string): number {
  const [, count, unit] = /^(\d{1,5})([dhm])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined && Number(count) > 0) return Number(count) * UNITS[unit]!;
  throw new Failure(`--expires ${text} is not usable: give days, hours or minutes, such as 90d, 12h, 30m`);
}
