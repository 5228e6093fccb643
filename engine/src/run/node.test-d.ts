import { expectTypeOf, test } from "vitest";
import {
  block,
  choice,
  defineNode,
  each,
  float,
  grow,
  hidden,
  INT,
  int,
  lazy,
  link,
  list,
  optional,
  STRING,
  seed,
  socket,
  text,
} from "./index.js";

const IMAGE = socket<{ pixels: number[] }>("IMAGE");
const CONDITIONING = socket<readonly { tokens: number }[]>("CONDITIONING");

test("a node's inputs and outputs are inferred from what it declares", () => {
  defineNode({
    id: "Everything",
    category: "test",
    doc: "",
    inputs: {
      image: link(IMAGE),
      radius: float({ default: 1 }),
      mode: choice(["box", "gaussian"]),
      seed: seed(),
      maybe: optional(link(IMAGE)),
      later: lazy(text()),
      whole: list(link(IMAGE)),
      many: grow(lazy(int()), { prefix: "value" }),
      id: hidden.nodeId,
    },
    outputs: { image: IMAGE, all: each(IMAGE), count: INT, conditioning: CONDITIONING },
    version: (literals) => {
      expectTypeOf(literals.later).toEqualTypeOf<string | undefined>();
      return "";
    },
    run: ({ image, radius, mode, seed, maybe, later, whole, many, id }) => {
      expectTypeOf(radius).toEqualTypeOf<number>();
      expectTypeOf(mode).toEqualTypeOf<"box" | "gaussian">();
      expectTypeOf(seed).toEqualTypeOf<bigint>();
      expectTypeOf(maybe).toEqualTypeOf<{ pixels: number[] } | undefined>();
      expectTypeOf(later).toEqualTypeOf<() => Promise<string>>();
      expectTypeOf(whole).toEqualTypeOf<readonly { pixels: number[] }[]>();
      expectTypeOf(many).toEqualTypeOf<readonly (() => Promise<number>)[]>();
      expectTypeOf(id).toEqualTypeOf<string>();
      return { image, all: [image, block()], count: seed, conditioning: [] };
    },
  });
});

test("a wrong output is a type error", () => {
  defineNode({
    id: "Wrong",
    category: "test",
    doc: "",
    inputs: { a: text() },
    outputs: { STRING },
    // @ts-expect-error a number is not a string
    run: ({ a }) => ({ STRING: a.length }),
  });
  defineNode({
    id: "ArrayValue",
    category: "test",
    doc: "",
    inputs: {},
    outputs: { CONDITIONING },
    // @ts-expect-error a blocker cannot hide inside a value that happens to be an array
    run: () => ({ CONDITIONING: [block()] }),
  });
});
