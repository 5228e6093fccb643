import type { IncomingMessage } from "node:http";
import { OWNER } from "../places.js";
import { type TokenRecord, UserName } from "../tokens/token.js";
import type { Tokens } from "../tokens/token-folder.js";
import { type Credential, credentialOf } from "./credentials.js";
import { HttpProblem } from "./problem.js";
import { covers, type Scope } from "./scope.js";

/** Who asks, and what they may do. */
export interface Identity {
  readonly user: string;
  readonly scope: Scope;
  /** The id of their token; absent where nobody is asked for one. */
  readonly token?: string;
}

/** What a request was found to be. */
export interface Recognised {
  readonly identity?: Identity;
  readonly credential?: Credential;
}

/** Tells who asks. */
export interface Recognition {
  readonly recognise: (request: IncomingMessage) => Recognised;
  /** Whether who asked then would be let in now: tokens are revoked, and end, while an answer goes on. */
  readonly holds: (request: IncomingMessage) => boolean;
  /** Throws an `HttpProblem`: 401 where nobody is known, 403 where they may not do what needs this scope. */
  readonly allow: (request: IncomingMessage, scope: Scope) => void;
  /** Whose things a request is about. Throws like `allow`. */
  readonly userOf: (request: IncomingMessage) => string;
}

/** An admin's requests may be about another user's things. */
const ON_BEHALF = "mezzotint-user";

const asIdentity = ({ user, scope, id }: TokenRecord): Identity => ({ user, scope, token: id });

/**
 * Recognises requests by their tokens. `open`: whether whoever brings none may do everything, as the one user; asked anew for
 * each request, as the first token shuts the door.
 */
export function recognition(tokens: Pick<Tokens, "find">, open: () => boolean): Recognition {
  const known = new WeakMap<IncomingMessage, Recognised>();

  const look = (request: IncomingMessage): Recognised => {
    const credential = credentialOf(request);
    const record = credential && tokens.find(credential.token);
    if (record) return { identity: asIdentity(record), credential };
    const stranger: Recognised = open() ? { identity: { user: OWNER, scope: "admin" } } : {};
    return { ...stranger, ...(credential && { credential }) };
  };
  const recognise = (request: IncomingMessage): Recognised => {
    const before = known.get(request);
    if (before) return before;
    const found = look(request);
    known.set(request, found);
    return found;
  };
  const identityOf = (request: IncomingMessage): Identity => {
    const { identity, credential } = recognise(request);
    if (identity) return identity;
    const [found, details] = credential
      ? ["This token is not valid", "it was revoked, it has expired, or it was never given"]
      : [
          "A token is needed",
          "send it as Authorization: Bearer TOKEN, as the password of Basic, or open /?token=TOKEN",
        ];
    throw new HttpProblem(401, "token_needed", found, {
      details: `${details}; \`mezzotint token create\` makes one`,
      headers: { "WWW-Authenticate": 'Basic realm="Mezzotint", charset="UTF-8"' },
    });
  };
  return {
    recognise,
    holds: (request) => {
      const { identity, credential } = recognise(request);
      if (identity?.token === undefined) return identity !== undefined && open();
      return credential !== undefined && tokens.find(credential.token)?.id === identity.token;
    },
    allow: (request, scope) => {
      const { scope: has } = identityOf(request);
      if (covers(has, scope)) return;
      throw new HttpProblem(403, "scope_missing", `This needs a token of scope ${scope}`, {
        details: `the token that was sent has scope ${has}`,
      });
    },
    userOf: (request) => {
      const { user, scope } = identityOf(request);
      const other = request.headers[ON_BEHALF];
      if (other === undefined || scope !== "admin") return user;
      const { success, data } = UserName.safeParse(other);
      if (success) return data;
      throw new HttpProblem(400, "invalid_user", `${ON_BEHALF} names no user`, {
        details: "its name has characters that none has",
      });
    },
  };
}
