import { any, defineNode } from "@mezzotint/engine";

/** Longer texts are cut: what is shown is sent to every client and kept in the history. */
const MAX_SHOWN = 20_000;

interface Numbers {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

const isTensor = (value: unknown): value is Numbers =>
  typeof value === "object" && value !== null && "dims" in value && "data" in value && ArrayBuffer.isView(value.data);

function describeTensor({ dims, data }: Numbers): string {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let broken = 0;
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (Number.isNaN(value)) broken++;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const range = low <= high ? `, ${Number(low.toPrecision(6))} to ${Number(high.toPrecision(6))}` : "";
  return `tensor [${dims.join(", ")}]${range}${broken > 0 ? `, ${broken} not a number` : ""}`;
}

/** A value in words: text and numbers as they are, tensors by shape and range, the rest as JSON. */
function describe(value: unknown): string {
  const cut = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
  if (typeof value === "string") return cut(value);
  if (value === undefined) return "nothing";
  if (typeof value !== "object" || value === null) return String(value);
  if (isTensor(value)) return describeTensor(value);
  try {
    const plain = (_: string, item: unknown): unknown =>
      typeof item === "bigint" ? String(item) : isTensor(item) ? describeTensor(item) : item;
    return cut(JSON.stringify(value, plain, 2) ?? typeof value);
  } catch {
    return `a value of type ${value.constructor?.name ?? "object"} that cannot be written as text`;
  }
}

/** ComfyUI's PreviewAny. */
export const previewAny = defineNode({
  id: "PreviewAny",
  title: "Preview as Text",
  category: "utils",
  doc: "Shows any value as text.",
  inputs: { source: any() },
  outputs: {},
  output: true,
  run: ({ source }, { show }) => {
    show({ text: [describe(source)] });
    return {};
  },
});
