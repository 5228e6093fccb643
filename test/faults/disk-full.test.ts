import { execFileSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, onTestFinished, test } from "vitest";
import { filesIn, temporaryFolder } from "../command.js";
import { ask, dataFolder, entryOf, showText, startServer, submit, testPack, until } from "../serve/server.js";
import { wait } from "./load.js";
import { wholePictures } from "./pictures.js";

const pack: readonly string[] = [...testPack, "--pack", join(import.meta.dirname, "fixtures/pack.mjs")];

/** A small disk, and why there is none. */
function smallDisk(megabytes: number): string | undefined {
  const disk = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", disk], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  // Servers of the test end after this: they are started later.
  onTestFinished(() => void execFileSync("umount", ["--lazy", disk]));
  return disk;
}

const NO_DISK = "needs the right to mount a tmpfs";

/** Fills a disk to its last bytes; answers with what frees them. */
function fillUp(disk: string): () => void {
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 4096)));
  // What a file system keeps back for itself differs.
  for (let i = 0; i < 100; i++) {
    try {
      writeFileSync(join(disk, `ballast-${i}`), Buffer.alloc(4096));
    } catch {
      break;
    }
  }
  return () => {
    for (const path of filesIn(disk)) if (path.includes("ballast")) rmSync(path);
  };
}

const noise = (size: number) => ({
  1: { class_type: "Noise", inputs: { size } },
  2: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "noise" } },
});

function form(bytes: Buffer) {
  const head = '--x\r\nContent-Disposition: form-data; name="image"; filename="big.png"\r\n\r\n';
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from("\r\n--x--\r\n")]);
  return { body, headers: { "content-type": "multipart/form-data; boundary=x" } };
}

describe("a full disk", () => {
  test("refuses jobs and uploads with the reason, loses none that was accepted, and is over when there is room", async ({
    skip,
  }) => {
    const disk = smallDisk(48) ?? skip(NO_DISK);
    const server = await startServer(pack, { data: disk });
    const running = await submit(server, wait(1500));
    const before = await submit(server, showText("before"));
    await until(
      () => ask(server, `/api/jobs/${running}`),
      ({ json }) => json.status === "in_progress",
    );
    const free = fillUp(disk);

    // A write-ahead log has room of its own for a while: bodies are large, so that it soon has not.
    const accepted: string[] = [];
    const refused = await until(
      async () => {
        const body = { prompt: showText("x".repeat(200_000)) };
        const answer = await ask(server, "/prompt", { body });
        if (answer.status === 200) accepted.push(answer.json.prompt_id);
        return answer;
      },
      ({ status }) => status !== 200,
    );
    expect([refused.status, refused.json.error.type]).toEqual([507, "disk_full"]);
    expect(refused.json.error.message).toMatch(/no room/);
    expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
    const picture = await sharp({
      create: {
        width: 600,
        height: 600,
        channels: 3,
        background: "#000",
        noise: { type: "gaussian", mean: 128, sigma: 60 },
      },
    })
      .png()
      .toBuffer();
    const upload = await ask(server, "/upload/image", form(picture));
    expect([upload.status, upload.json.error.type], upload.text).toEqual([507, "out_of_space"]);
    expect(filesIn(join(disk, "input"))).toEqual([]);
    const settings = await ask(server, "/settings", { body: { text: "y".repeat(100_000) } });
    expect(settings.status, settings.text).toBe(507);
    // It still answers, and says that it is not well.
    expect((await ask(server, "/queue")).status).toBe(200);
    expect((await ask(server, "/ready")).status).toBe(503);
    // The job that runs meanwhile ends, whose end cannot be kept yet.
    await until(
      async () => server.said(),
      (said) => /cannot be kept yet/.test(said),
    );

    free();
    for (const id of [running, before, ...accepted]) {
      const { attempts, status } = (
        await until(
          () => ask(server, `/api/jobs/${id}`),
          ({ json }) => json.status === "completed",
          120,
        )
      ).json;
      expect([status, attempts.length]).toEqual(["completed", 1]);
    }
    expect((await ask(server, "/upload/image", form(picture))).status).toBe(200);
    expect((await entryOf(server, await submit(server, showText("after")))).status.completed).toBe(true);
    await until(
      () => ask(server, "/ready"),
      ({ status }) => status === 200,
    );
    expect(await server.end("SIGTERM")).toBe(0);
    const again = await startServer(pack, { data: disk });
    expect(Object.keys((await ask(again, "/history")).json)).toHaveLength(accepted.length + 3);
    await again.end("SIGKILL");
  });

  test("fails the job whose picture has no room, with the reason and no part of it", async ({ skip }) => {
    const disk = smallDisk(4) ?? skip(NO_DISK);
    const output = join(disk, "output");
    const server = await startServer([...pack, "--output", output], { data: dataFolder() });
    const small = await submit(server, noise(300));
    expect((await entryOf(server, small)).status.completed).toBe(true);
    const large = await submit(server, noise(2000));
    const { status } = await entryOf(server, large);
    expect(status.status_str).toBe("error");
    const [, error] = status.messages.at(-1);
    expect(error).toMatchObject({ node_id: "2", node_type: "SaveImage" });
    expect(error.exception_message).toMatch(/no space|full|ENOSPC/i);
    expect(await wholePictures(output)).toHaveLength(1);
    expect(filesIn(output)).toHaveLength(1);
    const { json } = await ask(server, `/api/jobs/${large}`);
    expect(json.attempts).toMatchObject([{ outcome: "failed", reason: error.exception_message }]);
    expect((await entryOf(server, await submit(server, noise(300)))).status.completed).toBe(true);
    await server.end("SIGKILL");
  });

  test("is no place to start a server, which says so", async ({ skip }) => {
    const disk = smallDisk(2) ?? skip(NO_DISK);
    const free = fillUp(disk);
    const refused = await startServer([], { data: disk }).catch((error: Error) => error.message);
    expect(refused).toMatch(/ended with 1:.*(no space|full|ENOSPC)/is);
    expect(refused).not.toMatch(/\n\s+at /);
    free();
    const server = await startServer([], { data: disk });
    expect((await entryOf(server, await submit(server, showText("a")))).status.completed).toBe(true);
    await server.end("SIGKILL");
  });
});
