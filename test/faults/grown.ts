import type { Random } from "./random.js";

const value = (text: unknown) => ({ class_type: "PrimitiveString", inputs: { value: text } });
const show = (from: string) => ({ class_type: "PreviewAny", inputs: { source: [from, 0] } });
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Prompts whose size or shape is the attack. */
export function grownPrompt({ pick }: Random): object {
  const size = pick([10, 100, 1000, 3000]);
  return pick([
    // A chain.
    () => ({
      ...Object.fromEntries(range(size).map((i) => [String(i + 1), value([String(i), 0])])),
      0: value("a"),
      end: show(String(size)),
    }),
    // A ring, and one node that looks at it.
    () => ({
      ...Object.fromEntries(range(size).map((i) => [String(i), value([String((i + 1) % size), 0])])),
      end: show("0"),
    }),
    // A fan.
    () => ({ 0: value("a"), ...Object.fromEntries(range(size).map((i) => [`f${i}`, show("0")])) }),
    // Each step doubles the ways to the first.
    () => ({
      0: value("a"),
      ...Object.fromEntries(
        range(Math.min(size, 400)).map((i) => [
          String(i + 1),
          {
            class_type: "StringConcatenate",
            inputs: { string_a: [String(i), 0], string_b: [String(i), 0], delimiter: "" },
          },
        ]),
      ),
      end: show(String(Math.min(size, 400))),
    }),
    // Nodes that nobody knows, and inputs that nobody has.
    () =>
      Object.fromEntries(range(size).map((i) => [String(i), { class_type: `Nobody${i}`, inputs: { a: ["0", 0] } }])),
    () => ({
      0: { class_type: "PreviewAny", inputs: Object.fromEntries(range(size).map((i) => [`x${i}`, ["0", i]])) },
    }),
  ])();
}

/** Saved workflows whose size or shape is the attack. */
export function grownWorkflow({ pick }: Random): object {
  const size = pick([10, 100, 1000]);
  const node = (id: number, type: string, from?: number) => ({
    id,
    type,
    mode: 0,
    inputs: from === undefined ? [] : [{ name: "source", type: "*", link: from }],
    outputs: [{ name: "out", type: "*", links: [id] }],
    widgets_values: [],
  });
  return pick([
    // Reroutes in a row, and in a ring.
    () => ({
      nodes: range(size).map((i) => node(i, "Reroute", i)),
      links: range(size).map((i) => [i, (i + size - 1) % size, 0, i, 0, "*"]),
    }),
    // A subgraph that holds itself, and two that hold each other, more than once.
    () => ({
      nodes: range(3).map((i) => node(i, "11111111-1111-4111-8111-111111111111")),
      links: [],
      definitions: {
        subgraphs: [1, 2].map((n) => ({
          id: `${String(n).repeat(8)}-1111-4111-8111-111111111111`,
          nodes: range(4).map((i) => node(i, `${String(3 - n).repeat(8)}-1111-4111-8111-111111111111`)),
          links: [],
          inputs: [],
          outputs: [],
        })),
      },
    }),
    // Subgraphs in subgraphs, each twice: they unfold to 2^n.
    () => ({
      nodes: [node(1, "10000000-0000-4000-8000-000000000000")],
      links: [],
      definitions: {
        subgraphs: range(Math.min(size, 40)).map((n) => ({
          id: `${10 + n}000000-0000-4000-8000-000000000000`,
          nodes: range(2).map((i) => node(i, `${11 + n}000000-0000-4000-8000-000000000000`)),
          links: [],
          inputs: [],
          outputs: [],
        })),
      },
    }),
    // Links to nowhere, and of no shape.
    () => ({
      nodes: range(size).map((i) => node(i, "PreviewAny", 10_000 + i)),
      links: range(size).map((i) => pick<unknown>([[i], [], null, [i, -1, 0, i, 0, "*"], { id: i }, i])),
    }),
  ])();
}
