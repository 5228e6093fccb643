import * as z from "zod/mini";
import { shown } from "../run/problems.js";
import { own } from "./records.js";

// Each schema is called what messages say that it wants. The small zod, because browsers load this too.
const ID = "an id: a whole number or a text";
const SLOT = "a slot: 0, 1, …";

/** Ids are numbers in most files and texts in some; `1` and `"1"` are the same. */
const id = z.union([z.int(), z.string().check(z.minLength(1)), z.bigint()], ID);

const place = z.union([z.int().check(z.minimum(0)), z.string().check(z.regex(/^\d{1,6}$/))], SLOT);

/** What is asked of a node; its slots are read one by one, and no other field can make it unreadable. */
export const nodeSchema = z.object(
  {
    id,
    type: z.string("a text: the name of the node's class").check(z.minLength(1, "the name of the node's class")),
    mode: z.optional(z.union([place, z.null()], "a mode: 0, 2 (muted) or 4 (bypassed)")),
  },
  "a node, which is an object",
);

/** What is asked of an input or output of a node, or of a subgraph. */
export const slotSchema = z.object(
  { name: z.string("a text"), link: z.nullish(id) },
  "an input or output, which is an object",
);

/** What is asked of a link as an object (version 1, and inside subgraphs). */
export const linkSchema = z.object(
  { id, origin_id: id, origin_slot: place, target_id: id, target_slot: place },
  "a link, which is a list or an object",
);

/** A value if it is what a schema asks for; otherwise says what was found and what was wanted. */
export function readAs<T>(schema: z.ZodMiniType<T>, value: unknown, problem: (reason: string) => void): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  let found = value;
  for (const key of issue.path) found = own(found, String(key));
  const where = issue.path.length > 0 ? `its ${issue.path.join(".")} is` : "it is";
  problem(`${where} ${found === undefined ? "missing" : shown(found)}, but should be ${issue.message}`);
  return undefined;
}
