// @boundaries-ignore the guard is asked directly, since no test may reach the public internet
import { type Fetched, type FetchPolicy, guardedFetch } from "../../server/src/security/fetch/guarded-fetch.js";

/** What a test changes of a request. */
interface Changes extends Partial<FetchPolicy> {
  readonly timeout?: number;
  readonly limit?: number;
  readonly redirects?: number;
}

/** Asks through the guard, as the server does for its users. */
export const guarded = (url: string, changes: Changes = {}): Promise<Fetched> => {
  const { timeout = 5000, limit = 1000, redirects = 3, privateToo = false, resolve } = changes;
  return guardedFetch(url, { timeout, limit, redirects }, { privateToo, ...(resolve && { resolve }) });
};

/** The whole body of an answer. */
export async function textOf({ body }: Fetched): Promise<string> {
  let text = "";
  for await (const chunk of body) text += chunk;
  return text;
}

/** Why something was refused. */
export const reasonOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "not refused",
    (error: { readonly reason?: string }) => error.reason ?? String(error),
  );
