/** Whole numbers below a bound, the same ones in every run: a linear congruential generator (Numerical Recipes' constants). */
export function pseudoRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
