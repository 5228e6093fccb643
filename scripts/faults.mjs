// Every fault test in full: `npm test` runs a slice of the long ones. MEZZOTINT_SEED repeats a run.
process.env.MEZZOTINT_FAULTS = "all";
process.argv.splice(2, 0, "--project", "faults");
await import("./test.mjs");
