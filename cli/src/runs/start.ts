import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import type { CheckedCriteria } from "../criteria/criteria-text.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { loadTestOf } from "../remote/load-test.ts";
import { answered } from "../remote/remote.ts";
import type { LocalScript } from "../tests/local-script.ts";
import { savedScript } from "./target.ts";

/** What the command line says of the run itself. */
export type RunFields = {
  readonly users?: number;
  readonly spawnRate?: number;
  readonly duration?: number;
  readonly targetUrl?: string;
  readonly name?: string;
  readonly notes?: string;
  readonly tag?: string[];
};

/** The load test of a name or id, or that of a script, which is saved. */
export const loadTestToRun = async (
  client: Client,
  what: string,
  script: LocalScript | undefined,
  scope: Scope | undefined,
  { targetUrl, name }: RunFields,
): Promise<LoadTestAnswer> => {
  if (script === undefined) return loadTestOf(client, what, scope);
  if (scope === undefined) {
    throw new AppError(
      "validation",
      "--scope account/org/project names where the load test of the script belongs.",
    );
  }
  return savedScript(client, script, { scope, targetUrl, ...(name === undefined ? {} : { name }) });
};

/** Starts a run of a load test. `criteria`: those of the run in the place of its load test's. */
export const startRun = async (
  client: Client,
  loadTest: LoadTestAnswer,
  { users, spawnRate, duration, targetUrl, name, notes, tag }: RunFields,
  more: {
    readonly criteria: CheckedCriteria["criteria"] | undefined;
    readonly runGroupId: string | undefined;
  },
): Promise<RunAnswer> => {
  const given = {
    targetUsers: users,
    spawnRate,
    durationSeconds: duration,
    targetUrl,
    notes,
    tags: tag,
    scriptRevisionId: loadTest.latestRevisionId,
    ...more,
    // The name of a new load test; a run has that of its load test and a number.
    ...(name === undefined || name === loadTest.name ? {} : { name }),
  };
  const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return answered(client.createRun({ params: { loadTestId: loadTest.id }, body }));
};
