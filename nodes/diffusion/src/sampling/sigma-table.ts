import type { Prediction } from "../models/descriptions.js";

const { fround } = Math;

/**
 * The noise levels that a network knows, from little noise to much: one for each training step, or for every so many
 * of a distilled network's. A level is sigma in x = x0 + sigma * noise (Karras et al. 2022, "variance exploding"),
 * whatever form the network itself takes.
 */
export interface SigmaTable {
  readonly sigmas: Float32Array;
  /** Rounded from double precision, and so not always the logarithm of the rounded sigma. */
  readonly logs: Float32Array;
  readonly smallest: number;
  readonly largest: number;
  /** Training steps from one entry to the next; the first entry is step `stride` - 1. */
  readonly stride: number;
}

/** What a zero-terminal-SNR model's last step has for signal: none would make its sigma infinite. */
const LAST_SIGNAL = 4.8973451890853435e-8;

const tables = new WeakMap<Prediction, SigmaTable>();

/** The noise levels of a training schedule; computed once per description. Throws when fewer were trained than distilled. */
export function sigmaTable(prediction: Prediction): SigmaTable {
  const known = tables.get(prediction);
  if (known) return known;
  const signals = prediction.zeroTerminalSnr ? zeroTerminal(trainedSignals(prediction)) : trainedSignals(prediction);
  const exact = signals.map((signal) => Math.sqrt((1 - signal) / signal));
  const table = tableOf(exact, prediction);
  tables.set(prediction, table);
  return table;
}

function tableOf(exact: readonly number[], { trainSteps, distilledSteps }: Prediction): SigmaTable {
  if (distilledSteps === undefined) return withLogs(Float32Array.from(exact), exact, 1);
  const stride = Math.floor(trainSteps / distilledSteps);
  if (!(stride >= 1 && distilledSteps >= 1)) {
    throw new RangeError(`a network trained on ${trainSteps} steps cannot know ${distilledSteps} of them`);
  }
  const first = trainSteps - 1 - (distilledSteps - 1) * stride;
  const sigmas = Float32Array.from({ length: distilledSteps }, (_, i) => exact[first + i * stride]!);
  return withLogs(sigmas, sigmas, stride);
}

const withLogs = (sigmas: Float32Array, exact: Iterable<number>, stride: number): SigmaTable => ({
  sigmas,
  logs: Float32Array.from(exact, Math.log),
  smallest: sigmas[0]!,
  largest: sigmas[sigmas.length - 1]!,
  stride,
});

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

/** Sigma at a training step, steps between entries by interpolating log sigma. Float32 like the table. */
export function sigmaAt({ logs, stride }: SigmaTable, step: number): number {
  const entry = fround(fround(fround(step) - (stride - 1)) / stride);
  const inside = Math.min(Math.max(entry, 0), logs.length - 1);
  const low = Math.floor(inside);
  const part = fround(inside - low);
  const log = fround(fround(fround(1 - part) * logs[low]!) + fround(part * logs[Math.ceil(inside)]!));
  return fround(Math.exp(log));
}

/** The training step whose log sigma is nearest: what a discrete network is told. Of two as near, the lower. */
export function stepAt({ logs, stride }: SigmaTable, sigma: number): number {
  const log = fround(Math.log(sigma));
  let nearest = 0;
  let distance = Number.POSITIVE_INFINITY;
  for (let entry = 0; entry < logs.length; entry++) {
    const d = Math.abs(fround(log - logs[entry]!));
    if (d < distance) [nearest, distance] = [entry, d];
  }
  return nearest * stride + stride - 1;
}

/** Sigma when this part (0 to 1) of the training steps is sampled through: 0 is before all noise, 1 after the last. */
export function sigmaAtPercent(table: SigmaTable, percent: number): number {
  if (percent <= 0) return 999_999_999.9;
  if (percent >= 1) return 0;
  return sigmaAt(table, (1 - percent) * (table.sigmas.length * table.stride - 1));
}
