/**
 * Weights for values at nodes, under which their sum gives what an integral would: `moments` are the integrals of
 * 1, u, u², …, one for each node, and the function is taken to be the polynomial through its values (Lagrange).
 */
export const polynomialWeights = (nodes: readonly number[], moments: readonly number[]): number[] =>
  nodes.map((node, own) => {
    // The polynomial that is 1 at this node and 0 at the others, lowest power first.
    let basis = [1];
    for (const [i, other] of nodes.entries()) {
      if (i === own) continue;
      const raised = [0, ...basis];
      basis = raised.map((coefficient, power) => (coefficient - other * (basis[power] ?? 0)) / (node - other));
    }
    return basis.reduce((sum, coefficient, power) => sum + coefficient * moments[power]!, 0);
  });
