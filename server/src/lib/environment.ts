import { environmentFaults } from "@load-manager/contract/model/environment.ts";
import { HIDDEN } from "@load-manager/contract/model/hidden-values.ts";
import { refused } from "./errors.ts";

type Variables = Readonly<Record<string, string>>;

/**
 * The values of a request, with the stored value wherever it repeats what an answer shows in its place. `field` has them. Throws
 * AppError validation where none is stored.
 */
export const withStoredValues = <Given, Stored>(
  field: "environment" | "scriptOptions",
  given: Readonly<Record<string, Given>>,
  stored: Readonly<Record<string, Stored>> = {},
): Record<string, Given | Stored> => {
  const unknown = Object.keys(given).filter(
    (name) => given[name] === HIDDEN && !Object.hasOwn(stored, name),
  );
  if (unknown.length > 0) {
    const message = `must have its value: ${HIDDEN} stands for a stored one, and none is stored`;
    throw refused(unknown.map((name) => ({ field: `${field}.${name}`, message })));
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      value === HIDDEN ? (stored[name] ?? value) : value,
    ]),
  );
};

/**
 * The variables of a run: the load test's, and the run's own. Throws AppError validation for those that no run may have; a
 * migrated load test may have some.
 */
export const environmentOfRun = (
  given: Variables | undefined,
  ofLoadTest: Variables | undefined,
): Record<string, string> | undefined => {
  if (given === undefined && ofLoadTest === undefined) return undefined;
  const all = { ...ofLoadTest, ...withStoredValues("environment", given ?? {}, ofLoadTest) };
  const faults = environmentFaults(all);
  if (faults.length === 0) return Object.keys(all).length === 0 ? undefined : all;
  throw refused(
    faults.map(({ name, message }) => ({
      field: name === undefined ? "environment" : `environment.${name}`,
      message,
    })),
  );
};
