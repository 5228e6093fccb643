#!/usr/bin/env node
// Runs on any Node, to say so in a sentence when it is too old to run the rest.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`mezzotint needs Node 20.19 or newer; this is ${process.versions.node}. See https://nodejs.org.`);
  process.exit(1);
}
const { main } = await import("../dist/cli/main.js");
await main(process.argv);
