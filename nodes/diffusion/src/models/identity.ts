import { createHash } from "node:crypto";
import { identify } from "@mezzotint/nodes-core";

/** One identity of several files, in order. It starts with `~` if that of any of them does (`identify`). */
export async function identifyAll(paths: readonly string[]): Promise<string> {
  const identities = await Promise.all(paths.map(identify));
  const [only] = identities;
  if (identities.length === 1 && only !== undefined) return only;
  const hash = createHash("sha256").update(identities.join("\n")).digest("hex");
  return identities.some((identity) => identity.startsWith("~")) ? `~${hash}` : hash;
}
