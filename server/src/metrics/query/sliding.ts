import { viewOf, type View } from "../codec/stats.ts";
import { addHistogram, subtractHistogram } from "../codec/histogram.ts";
import { emptyTotals, type Totals } from "../codec/totals.ts";

/** The largest of the values of a window that moves: those that a later one exceeds are forgotten. */
export const createSlidingMax = () => {
  const candidates: { readonly at: number; readonly value: number }[] = [];
  return {
    add: (at: number, value: number): void => {
      while ((candidates.at(-1)?.value ?? Infinity) <= value) candidates.pop();
      candidates.push({ at, value });
    },
    /** Leaves out what was added at this time. */
    remove: (at: number): void => {
      if (candidates[0]?.at === at) candidates.shift();
    },
    /** `undefined` where the window has no value. */
    max: (): number | undefined => candidates[0]?.value,
  };
};

const addInto = (totals: Totals, second: Totals, sign: 1 | -1): void => {
  totals.requests += sign * second.requests;
  totals.failures += sign * second.failures;
  totals.noTime += sign * second.noTime;
  totals.sumUs += sign * second.sumUs;
  totals.isMeasured ||= second.isMeasured;
  const change = sign === 1 ? addHistogram : subtractHistogram;
  change(totals.ok, second.ok);
  change(totals.failed, second.failed);
};

/** The totals of a window that moves by a second: a second comes, and the oldest one goes. */
export const createSlidingTotals = () => {
  const totals = emptyTotals();
  const highest = createSlidingMax();
  /** Of the negated minimums. */
  const lowest = createSlidingMax();
  return {
    add: (at: number, second: Totals): void => {
      addInto(totals, second, 1);
      highest.add(at, second.maxUs);
      lowest.add(at, -second.minUs);
    },
    remove: (at: number, second: Totals): void => {
      addInto(totals, second, -1);
      highest.remove(at);
      lowest.remove(at);
    },
    view: (): View => {
      totals.maxUs = highest.max() ?? 0;
      totals.minUs = -(lowest.max() ?? -Infinity);
      return viewOf([totals], "all");
    },
  };
};
