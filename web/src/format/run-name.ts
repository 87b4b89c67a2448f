/** A run among those of its load test: `#7`; by its name where it has no number. */
export const shortRunName = ({
  runNumber,
  name,
}: {
  readonly runNumber?: number | undefined;
  readonly name: string;
}): string => (runNumber === undefined ? name : `#${runNumber}`);
