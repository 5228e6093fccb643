import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { SCOPES, type Scope } from "../security/scope.js";

/** A user's name names folders, on systems that don't tell upper case from lower: letters, digits, `.`, `_`, `-`. */
export const UserName = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9_-])?$/,
    "is 1 to 64 of a-z, 0-9, '.', '_', '-', and begins with one of a-z, 0-9",
  );

/** What is kept of a token: never the token itself. */
export const TokenRecord = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  /** Of the whole token, in hexadecimal. A token has 256 random bits, so that a plain hash cannot be guessed at. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  user: UserName,
  scope: z.enum(SCOPES),
  /** What it is for, in its owner's words. */
  label: z.string().max(100).default(""),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  expiresAt: z.number().optional(),
});

/** What is kept of a token. */
export type TokenRecord = z.infer<typeof TokenRecord>;

/** What a new token is to be. */
export interface TokenWish {
  readonly user: string;
  readonly scope: Scope;
  readonly label: string;
  readonly expiresAt?: number;
}

/** `mzt_<id>_<secret>`: the prefix lets scanners of leaked secrets know it, the id finds its record. */
const TOKEN = /^mzt_([0-9a-f]{12})_[\w-]{43}$/;

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** A new token, to be shown once, and its record. */
export function mint(wish: TokenWish): { readonly text: string; readonly record: TokenRecord } {
  const id = randomBytes(6).toString("hex");
  const text = `mzt_${id}_${randomBytes(32).toString("base64url")}`;
  return { text, record: { id, sha256: hashOf(text).toString("hex"), createdAt: Date.now(), ...wish } };
}

/** The id in what may be a token. */
export const idIn = (text: string): string | undefined => TOKEN.exec(text)?.[1];

/** Whether a text is the token of a record, and still good. */
export const isToken = (text: string, { sha256, expiresAt }: TokenRecord): boolean =>
  timingSafeEqual(hashOf(text), Buffer.from(sha256, "hex")) && (expiresAt === undefined || Date.now() < expiresAt);
