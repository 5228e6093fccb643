import type { Prompt } from "@mezzotint/engine";
import { beforeEach, describe, expect, test } from "vitest";
import { call, notes, runPrompt, start } from "../../test/loop-probes.js";

beforeEach(() => {
  notes.length = 0;
});

describe("what goes wrong in loops", () => {
  const failure = async (prompt: Prompt): Promise<string> =>
    runPrompt(prompt).then(
      () => "nothing",
      (error: Error) => error.message,
    );
  const around = (body: Prompt, output = ["start", 0]): Prompt => ({
    start: start(3),
    ...body,
    end: call("EndLoop", { output_value: output }),
    show: call("Show", { value: ["end", 0] }),
  });

  test("too many iterations", async () => {
    expect(await failure(around({ start: start(1e9) }))).toMatch(/would run 1,000,000,000 times; the limit is 100,000/);
  });

  test("a failing body is named by the user's node", async () => {
    expect(await failure(around({ bad: call("Fail", { value: ["start", 0] }) }, ["bad", 0]))).toMatch(
      /two is too much/,
    );
  });

  test("a start without an end, an end without a start, a value that escapes", async () => {
    expect(await failure({ start: start(3), show: call("Show", { value: ["start", 0] }) })).toMatch(/has no End Loop/);
    expect(await failure({ end: call("EndLoop", {}), show: call("Show", { value: ["end", 0] }) })).toMatch(
      /depends on no Start Loop/,
    );
    const leak = { show2: call("Save", { label: ["end", 0], value: ["start", 0] }) };
    expect(await failure(around(leak))).toMatch(/Save \(node show2\) takes a value from inside the loop/);
  });

  test("an abort ends the loop", async () => {
    const cancel = new AbortController();
    const prompt = around({ start: start(50_000), note: call("Note", { label: "n", value: ["start", 0] }) }, [
      "note",
      0,
    ]);
    const pending = runPrompt(prompt, { signal: cancel.signal });
    setTimeout(() => cancel.abort(new Error("enough")), 30);
    await expect(pending).rejects.toThrow("enough");
    expect(notes.length).toBeLessThan(50_000);
  });
});
