import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { isAlive, oddPack, sharedData, temporaryFolder, until } from "../../test/pool.js";

/** A server in a process of its own that has its worker hang in JavaScript, and says so. */
const server = `
import { openPool } from ${JSON.stringify(new URL("../../dist/worker/pool.js", import.meta.url))};
import { places } from ${JSON.stringify(new URL("../../dist/places.js", import.meta.url))};
const [data, output, pack] = process.argv.slice(1);
const pool = openPool({
  workers: 1, jobsPerWorker: 1, places: places({ data, output }), localPacks: [pack], onLog: () => {},
});
await pool.definitions("default");
const prompt = { 1: { class_type: "Spin", inputs: { milliseconds: 100000 } } };
const job = { id: "a", user: "default", prompt: JSON.stringify(prompt), extra: "{}", targets: ["1"] };
const [{ name, pid }] = pool.workers();
pool.run(name, { job, attempt: 1 }, {
  event: ({ type }) => { if (type === "progress") setTimeout(() => console.log(pid), 300); },
  ended: () => {},
});
`;

test("a worker ends with its server, even when it hangs", { timeout: 30_000 }, async () => {
  const child = spawn(
    process.execPath,
    ["--input-type=module", "--eval", server, sharedData, temporaryFolder(), oddPack],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const worker = await new Promise<number>((resolve) => {
    createInterface(child.stdout).on("line", (line) => resolve(Number(line)));
  });
  expect(isAlive(worker)).toBe(true);
  child.kill("SIGKILL");
  await until(() => !isAlive(worker));
});
