/** The fence of whoever takes a slot now: above every fence that is known of it. */
export const nextFence = (seenFence: number | undefined, aboveFence: number | undefined): number =>
  Math.max(seenFence ?? 0, aboveFence ?? 0) + 1;
