/** The lowest noise level of a schedule above 0: where a sampler ends that works in log sigma. */
export const smallest = (sigmas: Float32Array): number => {
  const last = sigmas[sigmas.length - 1]!;
  return last === 0 ? sigmas[sigmas.length - 2]! : last;
};
