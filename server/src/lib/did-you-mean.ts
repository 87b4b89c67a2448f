import { nearestOf } from "@load-manager/contract/criteria/nearest.ts";

/** ` (did you mean "port"?)` where a known name is similar, else an empty text. */
export const didYouMean = (name: string, known: Iterable<string>): string => {
  const near = nearestOf(name, known);
  return near === undefined ? "" : ` (did you mean "${near}"?)`;
};
