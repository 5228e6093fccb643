import type { Tensor } from "@mezzotint/engine";
import type { Condition, Conditioning } from "../sockets.js";
import { areaInCells, boundsOf, isWithin, onLatent, type Rect } from "./areas.js";
import { isNothing, type Weight, weightOf } from "./condition-weights.js";
import { resizeMask } from "./mask-planes.js";
import { type SigmaTable, sigmaAtPercent } from "./sigma-table.js";

/** A condition, worked out for latents of one size and a model's noise levels. */
export interface PlacedCondition {
  /** What the network is told: this condition's tokens and picture. */
  readonly told: Condition;
  /** The part of the latent that the network is shown; absent: all of it. */
  readonly window?: Rect;
  readonly weight: Weight;
  /** The highest and the lowest noise level at which it holds. */
  readonly sigmas: readonly [from: number, until: number];
}

/** A condition with its mask at the latent's size and its area in cells, which may still go over the latent's edges. */
interface Resolved {
  readonly own: Condition;
  readonly told: Condition;
  readonly area?: Rect;
  readonly mask?: { readonly planes: Tensor; readonly strength: number };
}

/**
 * Works out where, when and how much each condition of several conditionings holds on latents [batch, channels, height,
 * width]. A condition for a part of the picture is set against the others' words about the same part; one that weighs
 * nothing is left out.
 */
export function placeConditions(
  conditionings: readonly Conditioning[],
  dims: readonly number[],
  table: SigmaTable,
): PlacedCondition[][] {
  const [rows = 0, columns = 0] = dims.slice(-2);
  const resolved = conditionings.map((conditions) => conditions.map((one) => resolve(one, rows, columns)));
  return withCounterparts(resolved).map((conditions) =>
    conditions.map((one) => place(one, rows, columns, table)).filter(({ weight }) => !isNothing(weight)),
  );
}

function resolve(own: Condition, rows: number, columns: number): Resolved {
  const planes = own.mask && resizeMask(own.mask.pixels, columns, rows);
  const area = planes && own.mask?.bounds ? boundsOf(planes) : own.area && areaInCells(own.area, rows, columns);
  return {
    own,
    told: own,
    ...(area && { area }),
    ...(planes && own.mask && { mask: { planes, strength: own.mask.strength } }),
  };
}

/**
 * Gives each condition with an area its counterpart in the other conditionings: guidance compares answers to the same
 * picture, and a network that is shown a part answers otherwise. The counterpart says what that side says of the
 * smallest part that holds the area, where, when and as much as the condition does.
 */
function withCounterparts(sides: readonly (readonly Resolved[])[]): readonly (readonly Resolved[])[] {
  const all = sides.map((conditions) => [...conditions]);
  for (const side of all) {
    for (const condition of side) {
      for (const other of all) {
        if (other === side || !condition.area) continue;
        const told = toldOf(other, condition.area);
        if (told) other.push({ ...condition, told });
      }
    }
  }
  return all;
}

/** What a side says of the smallest part that holds an area; nothing if it speaks of that very area, or of none around. */
function toldOf(side: readonly Resolved[], area: Rect): Condition | undefined {
  let smallest: Resolved | undefined;
  for (const one of side) {
    if (!one.area) smallest ??= one;
    else if (isWithin(area, one.area) && (!smallest?.area || size(one.area) < size(smallest.area))) smallest = one;
  }
  const same = smallest?.area && size(smallest.area) === size(area);
  return same ? undefined : smallest?.told;
}

const size = ({ height, width }: Rect): number => height * width;

function place({ own, told, area, mask }: Resolved, rows: number, columns: number, table: SigmaTable): PlacedCondition {
  const window = area && onLatent(area, rows, columns);
  const { strength = 1, range } = own;
  return {
    told,
    weight: weightOf({ strength, ...(window && { window }), ...(mask && { mask }) }, [rows, columns]),
    sigmas: range
      ? [sigmaAtPercent(table, range.start), sigmaAtPercent(table, range.end)]
      : [Number.POSITIVE_INFINITY, 0],
    ...(window && { window }),
  };
}
