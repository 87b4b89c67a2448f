import { incompleteBeta } from "./incomplete-beta.ts";

/** P(X >= k) of a binomial X of n trials with probability q. `k` and `n` may be fractions (an effective number of trials). */
export const probabilityAtLeast = (k: number, n: number, q: number): number => {
  if (k <= 0) return 1;
  return k > n ? 0 : incompleteBeta(q, k, n - k + 1);
};

/** P(X <= k). */
export const probabilityAtMost = (k: number, n: number, q: number): number => {
  if (k >= n) return 1;
  return k < 0 ? 0 : 1 - incompleteBeta(q, k + 1, n - k);
};

/**
 * Whether the exact 95 % interval of k of n (Clopper and Pearson, "The use of confidence or fiducial limits illustrated in
 * the case of the binomial", Biometrika 1934) contains a probability: that is so where neither tail is rarer than 2.5 %.
 */
export const intervalContains = (k: number, n: number, q: number): boolean => {
  // So far from the mean both tails are below 1e-6, by Bernstein's inequality: most limits need no more than that.
  if (Math.abs(k - n * q) > 8 * Math.sqrt(n * q * (1 - q)) + 10) return false;
  return probabilityAtLeast(k, n, q) > 0.025 && probabilityAtMost(k, n, q) > 0.025;
};

/**
 * How many times more the shares k/n of blocks vary than those of independent requests: the design effect, at least 1.
 * 1 where there are fewer than 8 blocks, which say too little.
 */
export const designEffect = (
  blocks: readonly { readonly n: number; readonly k: number }[],
): number => {
  const used = blocks.filter(({ n }) => n > 0);
  const n = used.reduce((sum, block) => sum + block.n, 0);
  const k = used.reduce((sum, block) => sum + block.k, 0);
  if (used.length < 8 || k <= 0 || k >= n) return 1;
  const share = k / n;
  // The sum of these is 0, and so is their mean.
  const squares = used.reduce((sum, block) => sum + (block.k - share * block.n) ** 2, 0);
  const variance = (used.length / (used.length - 1)) * squares;
  return Math.max(1, variance / (n * share * (1 - share)));
};
