import type { Prediction } from "../models/descriptions.js";

const { fround } = Math;

/**
 * The noise levels that a network was trained with, one for each training step from little noise to much. A level is
 * sigma in x = x0 + sigma * noise (Karras et al. 2022, "variance exploding"), whatever form the network itself takes.
 */
export interface SigmaTable {
  readonly sigmas: Float32Array;
  /** Rounded from double precision, and so not always the logarithm of the rounded sigma. */
  readonly logs: Float32Array;
  readonly smallest: number;
  readonly largest: number;
}

/** What a zero-terminal-SNR model's last step has for signal: none would make its sigma infinite. */
const LAST_SIGNAL = 4.8973451890853435e-8;

const tables = new WeakMap<Prediction, SigmaTable>();

/** The noise levels of a training schedule; computed once per description. */
export function sigmaTable(prediction: Prediction): SigmaTable {
  const known = tables.get(prediction);
  if (known) return known;
  const signals = prediction.zeroTerminalSnr ? zeroTerminal(trainedSignals(prediction)) : trainedSignals(prediction);
  const exact = signals.map((signal) => Math.sqrt((1 - signal) / signal));
  const sigmas = Float32Array.from(exact);
  const logs = Float32Array.from(exact, Math.log);
  const table = { sigmas, logs, smallest: sigmas[0]!, largest: sigmas[sigmas.length - 1]! };
  tables.set(prediction, table);
  return table;
}

/** How much of the picture's variance is left after each training step: the running product of 1 - beta. */
function trainedSignals({ schedule, betaStart, betaEnd, trainSteps }: Prediction): number[] {
  const bend = schedule === "scaled_linear" ? 2 : 1;
  const [start, end] = [betaStart ** (1 / bend), betaEnd ** (1 / bend)];
  let left = 1;
  return Array.from({ length: trainSteps }, (_, i) => {
    left *= 1 - (start + ((end - start) * i) / Math.max(trainSteps - 1, 1)) ** bend;
    return left;
  });
}

/** Shifts and scales a schedule so that its last step holds no signal (Lin et al. 2023, algorithm 1). */
function zeroTerminal(signals: readonly number[]): number[] {
  const roots = signals.map(Math.sqrt);
  const [first, last] = [roots[0]!, roots[roots.length - 1]!];
  const shifted = roots.map((root) => ((root - last) * (first / (first - last))) ** 2);
  shifted[shifted.length - 1] = LAST_SIGNAL;
  return shifted;
}

/** Sigma at a training step, steps in between by interpolating log sigma. Float32 like the table. */
export function sigmaAt({ logs }: SigmaTable, step: number): number {
  const inside = Math.min(Math.max(fround(step), 0), logs.length - 1);
  const low = Math.floor(inside);
  const part = fround(inside - low);
  const log = fround(fround(fround(1 - part) * logs[low]!) + fround(part * logs[Math.ceil(inside)]!));
  return fround(Math.exp(log));
}

/** The training step whose log sigma is nearest: what a discrete network is told. Of two as near, the lower. */
export function stepAt({ logs }: SigmaTable, sigma: number): number {
  const log = fround(Math.log(sigma));
  let nearest = 0;
  let distance = Number.POSITIVE_INFINITY;
  for (let step = 0; step < logs.length; step++) {
    const d = Math.abs(fround(log - logs[step]!));
    if (d < distance) [nearest, distance] = [step, d];
  }
  return nearest;
}

/** Sigma when this part (0 to 1) of the training steps is sampled through: 0 is before all noise, 1 after the last. */
export function sigmaAtPercent(table: SigmaTable, percent: number): number {
  if (percent <= 0) return 999_999_999.9;
  if (percent >= 1) return 0;
  return sigmaAt(table, (1 - percent) * (table.sigmas.length - 1));
}
