import { mezzotint } from "../command.js";

/** A token that was made, and its id. */
export interface Made {
  readonly token: string;
  readonly id: string;
}

/** Makes a token with the command, as an owner would. */
export async function tokenOf(data: string, ...args: readonly string[]): Promise<Made> {
  const { code, stdout, stderr } = await mezzotint(["token", "create", "--data", data, "--json", ...args]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The header that brings a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
