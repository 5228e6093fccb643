/**
 * What a token may allow. `read` shows the user's own jobs, files and settings; `run` allows `read` too, and submits,
 * cancels, uploads and saves; `admin` allows everything, for everybody.
 */
export type Scope = (typeof SCOPES)[number];

/** From the least to the most. */
export const SCOPES = ["read", "run", "admin"] as const;

/** Whether a scope allows what needs another. */
export const covers = (has: Scope, needed: Scope): boolean => SCOPES.indexOf(has) >= SCOPES.indexOf(needed);
