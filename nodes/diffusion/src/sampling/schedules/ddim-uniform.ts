import type { Scheduler } from "./schedule.js";

/** Every so many entries of the table, counted from its second. The length is whatever that gives. */
export const ddimUniform: Scheduler = ({ sigmas }, steps) => {
  const endsAtZero = sigmas[1]! < 1e-5;
  const stride = Math.max(Math.floor(sigmas.length / (endsAtZero ? steps + 1 : steps)), 1);
  const rising = endsAtZero ? [] : [0];
  for (let i = 1; i < sigmas.length; i += stride) rising.push(sigmas[i]!);
  return Float32Array.from(rising.reverse());
};
