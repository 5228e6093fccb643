// `npm start`: from a clone to a server. Arguments are those of `mezzotint serve` (npm start -- --port 9000).
import { ready } from "./ready.mjs";

await ready();
// In this very process, so that signals reach the server and nothing is left behind.
process.argv.splice(2, 0, "serve");
await import("../server/bin/mezzotint.js");
