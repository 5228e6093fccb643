import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "./open-store.js";

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "lock-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

test("a folder has one server; the second is told who, where, and what to do", async () => {
  const data = await folder();
  const first = await openStore(data);
  const error = (await openStore(data).catch((thrown: unknown) => thrown)) as Error;
  expect(error.message).toContain(`process ${process.pid} `);
  expect(error.message).toContain(data);
  expect(error.message).toContain("--data");
  await first.close();
  await (await openStore(data)).close();
});

// The other server is a process of the built package.
test("the lock of a process that was killed is free at once", async () => {
  const data = await folder();
  const script = `
    import { openStore } from ${JSON.stringify(new URL("../../dist/store/open-store.js", import.meta.url).href)};
    await openStore(${JSON.stringify(data)});
    console.log("open");
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void other.kill("SIGKILL"));
  await once(other.stdout, "data");
  await expect(openStore(data)).rejects.toThrow(`process ${other.pid} `);
  other.kill("SIGKILL");
  await once(other, "exit");
  await (await openStore(data)).close();
});
