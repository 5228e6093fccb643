import { defineNode, float, link, type Tensor } from "@mezzotint/engine";
import { newTensor } from "@mezzotint/nodes-core";
import { CONDITIONING, type Condition, type Conditioning } from "../sockets.js";

/** Each condition is a run of the model in every step; more are a few nodes that double them, not anybody's wish. */
const MOST_CONDITIONS = 1024;

/** Conditions side by side. */
export const conditioningCombine = defineNode({
  id: "ConditioningCombine",
  title: "Conditioning (Combine)",
  category: "conditioning",
  doc: "Steers by both: what the model answers to each is averaged.",
  inputs: { conditioning_1: link(CONDITIONING), conditioning_2: link(CONDITIONING) },
  outputs: { CONDITIONING },
  run: ({ conditioning_1, conditioning_2 }) => {
    const count = conditioning_1.length + conditioning_2.length;
    if (count > MOST_CONDITIONS)
      throw new Error(`${count} conditions together; at most ${MOST_CONDITIONS} steer a model`);
    return { CONDITIONING: [...conditioning_1, ...conditioning_2] };
  },
});

/** One text after another. */
export const conditioningConcat = defineNode({
  id: "ConditioningConcat",
  title: "Conditioning (Concat)",
  category: "conditioning",
  doc: "Puts the tokens of one text behind those of another, as if they were further parts of one long text.",
  inputs: { conditioning_to: link(CONDITIONING), conditioning_from: link(CONDITIONING) },
  outputs: { CONDITIONING },
  run: ({ conditioning_to, conditioning_from }, { show }) => {
    const { condition, warnings } = onlyOne(conditioning_from);
    if (warnings.length > 0) show({ warnings });
    return {
      CONDITIONING: conditioning_to.map((to) => ({ ...to, tokens: behind(to.tokens, condition.tokens) })),
    };
  },
});

/** Between two texts. */
export const conditioningAverage = defineNode({
  id: "ConditioningAverage",
  title: "Conditioning (Average)",
  category: "conditioning",
  doc: "Mixes two texts token by token. The second is cut, or filled up with zeros, to the length of the first.",
  inputs: {
    conditioning_to: link(CONDITIONING),
    conditioning_from: link(CONDITIONING),
    conditioning_to_strength: float({ default: 1, min: 0, max: 1, step: 0.01 }),
  },
  outputs: { CONDITIONING },
  run: ({ conditioning_to, conditioning_from, conditioning_to_strength: strength }, { show }) => {
    const { condition: from, warnings } = onlyOne(conditioning_from);
    if (warnings.length > 0) show({ warnings });
    return {
      CONDITIONING: conditioning_to.map((to): Condition => {
        const tokens = mixed(to.tokens, from.tokens, strength);
        // A side without a pooled text takes the other's.
        const pooled = to.pooled && from.pooled ? mixed(to.pooled, from.pooled, strength) : (to.pooled ?? from.pooled);
        return { ...to, tokens, ...(pooled ? { pooled } : {}) };
      }),
    };
  },
});

/** No text at all. */
export const conditioningZeroOut = defineNode({
  id: "ConditioningZeroOut",
  title: "Conditioning (Zero Out)",
  category: "advanced/conditioning",
  doc: "Zeros in place of a text, which is not the same as an empty text. Where and when it holds stays.",
  inputs: { conditioning: link(CONDITIONING) },
  outputs: { CONDITIONING },
  run: ({ conditioning }) => ({
    CONDITIONING: conditioning.map(
      (one): Condition => ({
        ...one,
        tokens: zeros(one.tokens),
        ...(one.pooled ? { pooled: zeros(one.pooled) } : {}),
      }),
    ),
  }),
});

/** The first condition, which alone is blended into others, and a word to the user if there are more. */
function onlyOne(conditioning: Conditioning): { condition: Condition; warnings: string[] } {
  const [condition] = conditioning;
  if (!condition) throw new Error("conditioning_from holds no condition: link a text's");
  const more = conditioning.length - 1;
  const warnings = more > 0 ? [`conditioning_from holds ${more + 1} conditions; only the first is taken`] : [];
  return { condition, warnings };
}

const zeros = ({ dims, data }: Tensor): Tensor => ({ dims, data: new Float32Array(data.length) });

/** `to` · strength + `from` · (1 - strength), over [batch, width] or [batch, tokens, width]; as long as `to`. */
function mixed(to: Tensor, from: Tensor, strength: number): Tensor {
  const width = sameWidth(to, from);
  const batch = sameBatch(to, from);
  const [own, other] = [itemOf(to), itemOf(from)];
  const mix = newTensor(batch, ...to.dims.slice(1, -1), width);
  for (let b = 0; b < batch; b++) {
    const ours = to.data.subarray(startOf(to, b), startOf(to, b) + own);
    const theirs = from.data.subarray(startOf(from, b), startOf(from, b) + other);
    for (let i = 0; i < own; i++)
      mix.data[b * own + i] =
        Math.fround((ours[i] as number) * Math.fround(strength)) + (theirs[i] ?? 0) * Math.fround(1 - strength);
  }
  return mix;
}

/** [B,T,D] with [B,S,D] behind it: [B,T+S,D]. */
function behind(to: Tensor, from: Tensor): Tensor {
  const width = sameWidth(to, from);
  const batch = sameBatch(to, from);
  const [own, other] = [itemOf(to), itemOf(from)];
  const both = newTensor(batch, (own + other) / width, width);
  for (let b = 0; b < batch; b++) {
    both.data.set(to.data.subarray(startOf(to, b), startOf(to, b) + own), b * (own + other));
    both.data.set(from.data.subarray(startOf(from, b), startOf(from, b) + other), b * (own + other) + own);
  }
  return both;
}

/** Numbers in one item of a batch. */
const itemOf = ({ dims, data }: Tensor): number => data.length / (dims[0] ?? 1);
/** Where an item starts; a batch of one serves every item. */
const startOf = (tensor: Tensor, item: number): number => (tensor.dims[0] === 1 ? 0 : item * itemOf(tensor));

function sameWidth(to: Tensor, from: Tensor): number {
  const [a, b] = [to.dims.at(-1) ?? 0, from.dims.at(-1) ?? 0];
  if (a === b && a > 0) return a;
  throw new Error(
    `conditioning_to is ${a} wide and conditioning_from ${b}: encode both with the text encoders of one kind of model`,
  );
}

function sameBatch(to: Tensor, from: Tensor): number {
  const [a, b] = [to.dims[0] ?? 1, from.dims[0] ?? 1];
  if (a === b || a === 1 || b === 1) return Math.max(a, b);
  throw new Error(
    `conditioning_to is a batch of ${a} and conditioning_from one of ${b}: they must be alike, or one of 1`,
  );
}
