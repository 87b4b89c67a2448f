/** The fence of the next lease of a slot: above every fence that is known of it. */
export const nextFence = (seenFence: number | undefined, aboveFence: number | undefined): number =>
  Math.max(seenFence ?? 0, aboveFence ?? 0) + 1;
