import { expect, test } from "vitest";
import { isPromptId } from "../protocol/prompt-id.js";
import { idFromKey, readSubmission } from "./submission.js";

const prompt = { 1: { class_type: "A", inputs: {} } };
const saved = { id: "w", nodes: [], links: [] };

test("a prompt is taken as it is, and secrets are dropped", () => {
  const extra_data = { api_key_comfy_org: "s", auth_token_comfy_org: "s", extra_pnginfo: { workflow: saved }, mine: 1 };
  expect(readSubmission({ prompt, extra_data, client_id: "c", front: true, number: "2.5" })).toEqual({
    source: { kind: "prompt", value: prompt },
    client: "c",
    extra: { extra_pnginfo: { workflow: saved }, mine: 1 },
    number: 2.5,
    front: true,
  });
});

test("a saved workflow is told from a prompt wherever it stands, and joins what pictures hold", () => {
  for (const body of [{ workflow: saved }, { prompt: saved }]) {
    const { source, extra } = readSubmission(body);
    expect(source).toEqual({ kind: "saved", value: saved });
    expect(extra).toEqual({ extra_pnginfo: { workflow: saved } });
  }
  const other = { ...saved, id: "other" };
  const { extra } = readSubmission({ workflow: saved, extra_data: { extra_pnginfo: { workflow: other } } });
  expect(extra).toEqual({ extra_pnginfo: { workflow: other } });
});

test("what cannot be stored as it is, is refused", () => {
  for (const client_id of ["a\0b", "\ud800", "x".repeat(129), 1, {}])
    expect(() => readSubmission({ prompt, client_id })).toThrow("client_id");
  for (const number of [Number.NaN, "1e999", " ", {}, 10n])
    expect(() => readSubmission({ prompt, number })).toThrow("number");
});

test("a key stands for one id, a canonical UUID, and for another with another user", () => {
  const id = idFromKey("me", "order 7");
  expect(isPromptId(id)).toBe(true);
  expect(idFromKey("me", "order 7")).toBe(id);
  expect(new Set([id, idFromKey("me", "order 8"), idFromKey("you", "order 7")]).size).toBe(3);
});
