// The README's second command: every test. Arguments are vitest's (a file, --project NAME, -t TITLE).
// The very last line is `N passed, N failed, N skipped`; the exit code is 0 only if something passed and nothing failed.
import { ready, root } from "./ready.mjs";

await ready();
process.chdir(root);
const { parseCLI, startVitest } = await import("vitest/node");
const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)]);
const vitest = await startVitest("test", filter, { ...options, run: true, watch: false });

const tally = { passed: 0, failed: 0, skipped: 0 };
for (const file of vitest.state.getTestModules()) {
  for (const test of file.children.allTests()) tally[test.result().state] += 1;
  // A file that does not load has no tests to fail: it counts as one.
  if (file.errors().length > 0) tally.failed += 1;
}
tally.failed += vitest.state.getUnhandledErrors().length;
await vitest.close();

console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
process.exit(tally.failed > 0 || tally.passed === 0 ? 1 : 0);
