import { secondsNeeded } from "@load-manager/contract/criteria/expression.ts";
import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import type { Criteria } from "@load-manager/contract/api/criteria.ts";
import type { Criterion } from "@load-manager/contract/model/criterion.ts";
import { invalid } from "./errors.ts";

/** Gives each criterion without an id the next one of c1, c2 … that is free. */
export const withIds = (criteria: Criteria): Criterion[] => {
  const taken = new Set(criteria.flatMap(({ id }) => id ?? []));
  let number = 0;
  const nextId = (): string => {
    do number += 1;
    while (taken.has(`c${number}`));
    return `c${number}`;
  };
  return criteria.map(({ id, name, ...criterion }) => ({
    id: id ?? nextId(),
    ...(name === undefined ? {} : { name }),
    ...criterion,
  }));
};

type Expressed = Pick<Criterion, "expression">;

const neededBy = ({ expression }: Expressed): number => {
  const parsed = parseExpression(expression);
  return parsed.ok ? secondsNeeded(parsed.expression.window) : 0;
};

/** The first criterion whose window is longer than a load of so many seconds, and the seconds that it needs. */
export const windowTooLong = (
  criteria: readonly Expressed[],
  seconds: number | undefined,
): { readonly index: number; readonly needed: number } | undefined => {
  if (seconds === undefined) return undefined;
  return criteria
    .map((criterion, index) => ({ index, needed: neededBy(criterion) }))
    .find(({ needed }) => needed > seconds);
};

/** Throws AppError validation for a criterion whose window is longer than the load. */
export const assertWindowsFit = (
  criteria: readonly Expressed[],
  seconds: number | undefined,
): void => {
  const tooLong = windowTooLong(criteria, seconds);
  if (tooLong === undefined) return;
  const { index, needed } = tooLong;
  const message = `needs a load of ${needed} s, and the load lasts ${seconds} s`;
  throw invalid(`criteria[${index}].expression`, message);
};
