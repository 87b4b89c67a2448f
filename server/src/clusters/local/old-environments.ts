import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { createPeriodic } from "../../lib/periodic.ts";
import { isNamedByProcess } from "./processes.ts";

/** So many environments that no run uses are kept. */
const MOST = 20;
/** A run may be about to use an environment that was used since, and one that is being made is younger. */
const YOUNG_MS = 3_600_000;
const INTERVAL_MS = 3_600_000;

type Found = { readonly path: string; readonly mark: string; readonly isComplete: boolean };

type Deps = {
  readonly environmentsFolder: string;
  readonly clock: Pick<Clock, "wall">;
};

const timeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );

/**
 * Removes what was left behind of environments that were never complete, and of the complete ones those that were used
 * longest ago, but for the last twenty. What a live process uses stays. Linux only, where processes can be asked.
 */
export const removeOldEnvironments = async ({ environmentsFolder, clock }: Deps): Promise<void> => {
  if (process.platform !== "linux") return;
  const names = await readdir(environmentsFolder).catch(() => []);
  const found: (Found & { readonly usedAt: number })[] = [];
  for (const name of names) {
    const path = join(environmentsFolder, name);
    const mark = join(path, "complete.json");
    const completed = await timeOf(mark);
    const usedAt = completed ?? (await timeOf(path));
    if (usedAt !== undefined) {
      found.push({ path, mark, isComplete: completed !== undefined, usedAt });
    }
  }
  const oldest = clock.wall() - YOUNG_MS;
  const newestFirst = found.filter((one) => one.isComplete).toSorted((a, b) => b.usedAt - a.usedAt);
  const wanted = new Set(newestFirst.slice(0, MOST));
  for (const one of found) {
    if (wanted.has(one) || one.usedAt > oldest) continue;
    if (await isNamedByProcess(`${one.path}/`)) continue;
    // Without its mark, a part that is left after a kill is not used.
    await rm(one.mark, { force: true });
    await rm(one.path, { recursive: true, force: true });
  }
};

/** The job that removes old environments. */
export const createEnvironmentRemoval = (deps: Deps & { readonly log: Log }) => {
  const { start, stop } = createPeriodic({
    name: "environment_removal",
    intervalMs: INTERVAL_MS,
    job: () => removeOldEnvironments(deps),
    log: deps.log,
  });
  return { start, stop };
};
