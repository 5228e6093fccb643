import type { Preview } from "@mezzotint/engine";
import { expect, test } from "vitest";
import { describedPreviewFrame, executingText, previewFrame, progressStateText, statusText } from "./messages.js";

const preview: Preview = { mime: "image/png", bytes: Uint8Array.of(1, 2, 3) };
const node = { node: "5:1", display: "5", parent: "5", real: "5", state: "running", value: 3, max: 20 } as const;

test("a plain preview is its type, its format and the picture", () => {
  expect([...previewFrame(preview)]).toEqual([0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3]);
  expect([...previewFrame({ ...preview, mime: "image/jpeg" })]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3]);
});

test("a preview with metadata says how long they are, and whose it is", () => {
  const frame = Buffer.from(describedPreviewFrame("é-job", node, preview));
  expect(frame.readUInt32BE(0)).toBe(4);
  const end = 8 + frame.readUInt32BE(4);
  expect(JSON.parse(frame.toString("utf8", 8, end))).toEqual({
    node_id: "5:1",
    prompt_id: "é-job",
    display_node_id: "5",
    parent_node_id: "5",
    real_node_id: "5",
    image_type: "image/png",
  });
  expect([...frame.subarray(end)]).toEqual([1, 2, 3]);
});

test("texts are type and data", () => {
  expect(JSON.parse(statusText(2, "me"))).toEqual({
    type: "status",
    data: { status: { exec_info: { queue_remaining: 2 } }, sid: "me" },
  });
  expect(statusText(2)).not.toContain("sid");
  expect(JSON.parse(executingText("job"))).toEqual({ type: "executing", data: { node: null, prompt_id: "job" } });
  const state = JSON.parse(progressStateText("job", new Map([[node.node, node]])));
  expect(state.data.nodes["5:1"]).toMatchObject({ value: 3, max: 20, state: "running", prompt_id: "job" });
});
