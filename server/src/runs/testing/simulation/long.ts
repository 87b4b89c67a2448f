import fc from "fast-check";
import { play, step, variant } from "./play.ts";

/**
 * `npm run test:long -- [histories] [seed]`: many random histories in batches. Each batch has its own seed, so that a
 * history that breaks a promise can be repeated: `LOAD_MANAGER_SEED=<seed> npm test -- server/src/runs/testing/simulation.test.ts`.
 */
const BATCH = 2000;
const [histories, seed] = [Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 1)];
const began = performance.now();
const property = fc.asyncProperty(
  variant,
  fc.array(step, { maxLength: 40 }),
  async (variantOf, steps) => {
    const { broken } = await play(variantOf, steps);
    if (broken.length > 0) throw new Error(broken.join("; "));
  },
);

let played = 0;
for (let batch = seed; played < histories; batch += 1) {
  const numRuns = Math.min(BATCH, histories - played);
  const result = await fc.check(property, { numRuns, seed: batch });
  played += numRuns;
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  if (result.failed) {
    process.stdout.write(`Seed ${batch} breaks a promise after ${played} histories:\n`);
    process.stdout.write(`${fc.defaultReportMessage(result) ?? ""}\n`);
    process.exit(1);
  }
  if (batch % 25 === 0 || played === histories) {
    process.stdout.write(
      `${played} histories, ${minutes} min, seeds ${seed} to ${batch}: nothing broken\n`,
    );
  }
}
