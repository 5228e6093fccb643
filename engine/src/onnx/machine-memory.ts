import { totalmem } from "node:os";

/** Bytes of memory that this process may use: the machine's, or less where a container is given less. */
export const machineMemory = (): number =>
  Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
