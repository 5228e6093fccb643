import { z } from "zod";

/** A whole number of the address. */
const count = (most: number) => z.coerce.number().int().min(0).max(most);

/** Which page of a list. */
export const Page = z.object({
  offset: count(1_000_000_000).default(0).describe("How many to skip"),
  limit: count(1000).default(100).describe("How many at most"),
});
