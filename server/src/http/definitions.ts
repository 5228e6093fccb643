import type { Definitions } from "@mezzotint/engine";
import { messageOf } from "../failure.js";
import { HttpProblem } from "../security/problem.js";
import type { Services } from "./services.js";

/** The nodes' definitions as a user sees them, once a worker has told them. Throws a 503 that says why when no worker starts. */
export async function definitionsOf(
  { pool }: Pick<Services, "pool">,
  user: string,
  fresh = false,
): Promise<Definitions> {
  try {
    return await pool.definitions(user, fresh);
  } catch (cause) {
    const message = "No worker is there to say which nodes exist";
    throw new HttpProblem(503, "no_worker", message, { details: messageOf(cause), cause });
  }
}
