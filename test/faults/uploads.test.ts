import { mkdirSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { basename, extname, join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { filesIn } from "../command.js";
import { ask, dataFolder, startServer, until } from "../serve/server.js";
import { anyForm } from "./multipart.js";
import { unfinished } from "./pictures.js";
import { type Case, sendAll } from "./post.js";
import { hasProc, memoryOf, openFilesOf } from "./processes.js";
import { random, seed, whole } from "./random.js";

const UPLOADS = whole ? 1000 : 300;
const GROWTH = 400;

async function pictures(): Promise<readonly Buffer[]> {
  const plain = sharp({ create: { width: 40, height: 30, channels: 4, background: "#123456" } });
  return [
    await plain.clone().png().toBuffer(),
    await plain.clone().jpeg().toBuffer(),
    await plain.clone().webp().toBuffer(),
    await plain.clone().gif().toBuffer(),
    await plain.clone().tiff().toBuffer(),
    // Small to send, large to look at: 12,000 × 12,000 pixels.
    await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: "#000" } })
      .png()
      .toBuffer(),
  ];
}

test(`${UPLOADS} fuzzed uploads are kept whole or refused with a reason, and nothing else is left`, async () => {
  const data = dataFolder();
  const [png, ...others] = await pictures();
  mkdirSync(join(data, "input"));
  writeFileSync(join(data, "input", "original.png"), png!);
  const server = await startServer([], { data });
  await until(
    () => ask(server, "/ready"),
    ({ json }) => json.ready,
  );
  const originals = ["original.png", "original.png", "nobody.png", "../jobs.db"].map((filename) =>
    JSON.stringify({ filename, subfolder: "", type: "input" }),
  );
  const memory = hasProc ? memoryOf(server.pid) : undefined;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const caseOf = (index: number): Case => {
    const chance = random(seed + index);
    const path = chance.pick(["/upload/image", "/api/upload/image", "/upload/mask"]);
    return { path, ...anyForm([png!, ...others], originals, chance) };
  };
  const statuses = await sendAll(server, agent, UPLOADS, caseOf);
  agent.destroy();
  expect(statuses.get(200)).toBeGreaterThan(UPLOADS / 50);
  expect(statuses.get(400)).toBeGreaterThan(UPLOADS / 20);

  for (const folder of ["input", "output", "temp"]) expect(unfinished(join(data, folder))).toEqual([]);
  // Whatever is there is a picture by its name and by its content; outside of these folders nothing is new.
  const kept = ["input", "output", "temp"].flatMap((folder) => filesIn(join(data, folder)));
  for (const path of kept) {
    expect(extname(path)).toMatch(/^$|^\.(a?png|jpe?g|jfif|webp|gif|tiff?|avif)$/i);
    await expect(sharp(path, { limitInputPixels: false }).metadata(), path).resolves.toBeDefined();
  }
  const rest = filesIn(data).filter((path) => !kept.includes(path));
  expect(
    rest.map((path) => basename(path)).filter((name) => !/^(jobs\.db(-wal|-shm)?|lock\.db.*|server\.json)$/.test(name)),
  ).toEqual([]);
  if (memory) {
    const { now, most } = memoryOf(server.pid);
    console.log(
      `faults: the server held ${memory.now.toFixed()} MiB before, ${now.toFixed()} after, ${most.toFixed()} at most`,
    );
    expect(most - memory.now).toBeLessThan(GROWTH);
    // Nothing is held open that was refused, replaced or removed.
    await until(
      async () => openFilesOf(server.pid).filter((path) => path.includes("/input/")),
      (open) => open.length === 0,
    );
  }
});
